// SPDX-License-Identifier: Apache-2.0
// Cap'n Proto: two-party RPC over a unix socket, one thread at each end, messages sized beforehand,
// the bootstrap capability resolved before anything is timed. The stream below reads what there is
// in one go and writes together what one turn of the event loop wrote, as the library itself does
// in versions later than Debian's; without it a message takes two reads and a write of its own.
// Polling: poll() of the promise again and again.
#include <bench/peers/calls.hpp>

#include <calls.capnp.h>
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// kj destroys its objects without virtual destructors.
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

namespace {

/// A stream with a buffer in each direction.
class buffered_stream final : public kj::AsyncIoStream {
public:
    explicit buffered_stream(kj::Own<kj::AsyncIoStream> line) : line_{kj::mv(line)} {}

    kj::Promise<size_t> tryRead(void* to, size_t bytes_min, size_t bytes_max) override {
        const size_t count = take(to, bytes_max);
        if (count >= bytes_min) return count;
        auto* const rest = static_cast<kj::byte*>(to) + count;
        return refill().then([=, this](bool more) -> kj::Promise<size_t> {
            if (!more) return count;
            return tryRead(rest, bytes_min - count, bytes_max - count).then([count](size_t read) {
                return count + read;
            });
        });
    }

    kj::Promise<void> write(const void* from, size_t bytes) override {
        gather(static_cast<const kj::byte*>(from), bytes);
        return kj::READY_NOW;
    }

    kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override {
        for (const auto& piece : pieces) gather(piece.begin(), piece.size());
        return kj::READY_NOW;
    }

    kj::Promise<void> whenWriteDisconnected() override { return line_->whenWriteDisconnected(); }
    void shutdownWrite() override { line_->shutdownWrite(); }

private:
    size_t take(void* to, size_t bytes_max) noexcept {
        const size_t count = std::min(bytes_max, end_ - begin_);
        std::memcpy(to, room_.data() + begin_, count);
        begin_ += count;
        return count;
    }

    kj::Promise<bool> refill() {
        return line_->tryRead(room_.data(), 1, room_.size()).then([this](size_t read) {
            begin_ = 0;
            end_ = read;
            return read > 0;
        });
    }

    void gather(const kj::byte* from, size_t bytes) {
        gathered_.insert(gathered_.end(), from, from + bytes);
        if (std::exchange(flushing_, true)) return;
        flushed_ = kj::evalLast([this] { return flush(); }).eagerlyEvaluate(nullptr);
    }

    /// A failure is found by whoever reads.
    kj::Promise<void> flush() {
        leaving_.clear();
        std::swap(leaving_, gathered_);
        return line_->write(leaving_.data(), leaving_.size()).then([this]() -> kj::Promise<void> {
            flushing_ = !gathered_.empty();
            if (!flushing_) return kj::READY_NOW;
            return flush();
        });
    }

    kj::Own<kj::AsyncIoStream> line_;
    std::vector<kj::byte> room_ = std::vector<kj::byte>(64 << 10);
    size_t begin_ = 0;
    size_t end_ = 0;
    std::vector<kj::byte> gathered_;
    std::vector<kj::byte> leaving_;
    bool flushing_ = false;
    kj::Promise<void> flushed_ = kj::READY_NOW;
};

constexpr capnp::MessageSize number_size{2, 0};
constexpr capnp::MessageSize text_size{3 + peers::text_bytes / 8, 0};

class service final : public Calls::Server {
    kj::Promise<void> increment(IncrementContext context) override {
        context.initResults(number_size).setNumber(context.getParams().getNumber() + 1);
        return kj::READY_NOW;
    }
    kj::Promise<void> echo(EchoContext context) override {
        context.initResults(text_size).setText(context.getParams().getText());
        return kj::READY_NOW;
    }
};

/// What both ends need: an event loop, and an address.
class place {
public:
    explicit place(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll},
          address_{wait(
              io_.provider->getNetwork().parseAddress(("unix:" + mine.place + "/calls").c_str()))} {
    }

    kj::NetworkAddress& address() { return *address_; }

    template <class T>
    T wait(kj::Promise<T>&& promise) {
        while (polls_ && !promise.poll(io_.waitScope)) {
        }
        return promise.wait(io_.waitScope);
    }

private:
    bool polls_;
    kj::AsyncIoContext io_ = kj::setupAsyncIo();
    kj::Own<kj::NetworkAddress> address_;
};

class server {
public:
    explicit server(const peers::part& mine) : here_{mine}, door_{here_.address().listen()} {}

    void serve() {
        buffered_stream line{here_.wait(door_->accept())};
        capnp::TwoPartyVatNetwork network{line, capnp::rpc::twoparty::Side::SERVER};
        auto calls = capnp::makeRpcServer(network, kj::heap<service>());
        here_.wait(network.onDisconnect());
    }

private:
    place here_;
    kj::Own<kj::ConnectionReceiver> door_;
};

class caller {
public:
    explicit caller(const peers::part& mine)
        : here_{mine}, line_{here_.wait(here_.address().connect())} {
        here_.wait(calls_.whenResolved());
    }

    std::int32_t increment(std::int32_t number) { return here_.wait(started(number)).getNumber(); }

    template <class Read>
    void echo(const std::string& text, Read&& read) {
        auto request = calls_.echoRequest(text_size);
        request.setText(kj::StringPtr{text.data(), text.size()});
        const auto response =
            here_.wait(kj::Promise<capnp::Response<Calls::EchoResults>>{request.send()});
        const capnp::Text::Reader back = response.getText();
        read(std::string_view{back.begin(), back.size()});
    }

    void increment_all(peers::questions& all) {
        auto lanes = kj::heapArrayBuilder<kj::Promise<void>>(peers::calls_under_way);
        for (std::size_t i = 0; i < peers::calls_under_way; ++i) lanes.add(ask(all));
        here_.wait(kj::joinPromises(lanes.finish()));
    }

    void leave() { line_.shutdownWrite(); }

private:
    using answer = capnp::Response<Calls::IncrementResults>;

    kj::Promise<answer> started(std::int32_t number) {
        auto request = calls_.incrementRequest(number_size);
        request.setNumber(number);
        return request.send();
    }

    /// One call after the other, while it is time.
    kj::Promise<void> ask(peers::questions& all) {
        const auto number = all.next();
        if (!number) return kj::READY_NOW;
        return started(*number).then([this, &all, number = *number](answer&& from) {
            all.answered(number, from.getNumber());
            return ask(all);
        });
    }

    place here_;
    buffered_stream line_;
    capnp::TwoPartyClient client_{line_};
    Calls::Client calls_ = client_.bootstrap().castAs<Calls>();
};

std::string version() {
    return std::to_string(CAPNP_VERSION / 1000000) + "." +
           std::to_string(CAPNP_VERSION / 1000 % 1000) + "." + std::to_string(CAPNP_VERSION % 1000);
}

}  // namespace

int main(int count, char** arguments) {
    return peers::run_calls<server, caller>(count, arguments, version().c_str());
}
