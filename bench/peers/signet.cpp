// SPDX-License-Identifier: Apache-2.0
// Signet: a topic in each direction. Subscribers choose delivery::block, so that nothing is lost.
// Messages of up to 240 bytes are published as a value, larger ones are loaned and read in place.
#include <bench/peers/measure.hpp>

#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <string>
#include <utility>

namespace {

constexpr std::size_t value_bytes_max = 240;

template <std::size_t Bytes>
struct message {
    std::uint64_t words[Bytes / sizeof(std::uint64_t)];
};

template <std::size_t Bytes>
class endpoint {
public:
    explicit endpoint(const peers::part& mine)
        : here_{{.directory = mine.place + "/signet"}},
          out_{here_, mine.leads() ? "there" : "back", publishing(mine)},
          in_{here_, mine.leads() ? "back" : "there", subscribing(mine)} {
        out_.wait_for_subscribers(1);
    }

    template <class Write>
    void send(Write&& write) {
        if constexpr (Bytes <= value_bytes_max) {
            message<Bytes> value;
            write(reinterpret_cast<std::byte*>(&value));
            out_.publish(value);
        } else {
            auto loan = out_.loan();
            write(reinterpret_cast<std::byte*>(&*loan));
            out_.publish(std::move(loan));
        }
    }

    template <class Read>
    void receive(Read&& read) {
        const auto sample = in_.receive();
        read(reinterpret_cast<const std::byte*>(&*sample));
    }

private:
    static signet::wait_mode wait_mode_of(const peers::part& mine) {
        return mine.waiting == peers::waiting::poll ? signet::wait_mode::poll
                                                    : signet::wait_mode::sleep;
    }
    static signet::publisher_options publishing(const peers::part& mine) {
        return {.depth = peers::depth_of(Bytes), .waiting = wait_mode_of(mine)};
    }
    static signet::subscriber_options subscribing(const peers::part& mine) {
        return {.policy = signet::delivery::block, .waiting = wait_mode_of(mine)};
    }

    signet::context here_;
    signet::publisher<message<Bytes>> out_;
    signet::subscriber<message<Bytes>> in_;
};

}  // namespace

int main(int count, char** arguments) {
    return peers::run<endpoint>(count, arguments, SIGNET_VERSION);
}
