// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_dial.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/random.hpp>
#include <signet/transport/tcp/tcp_race.hpp>
#include <signet/transport/udp/plain_udp_end.hpp>
#include <signet/transport/udp/udp_end.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::udp {
namespace {

constexpr std::chrono::milliseconds first_repeat{100};
constexpr std::chrono::milliseconds last_repeat{1000};

[[noreturn]] void complain_of_nobody(const std::string& name) {
    throw error{std::make_error_code(std::errc::connection_refused), "connect to", name,
                "the machine is there, but nobody listens at that port"};
}

/// Saying hello to one address.
class attempt {
public:
    attempt(const os::ip_address& to, const channel_options& options)
        : to_{to}, socket_{socket_to(to, options)}, buffer_(datagram_bytes_max) {}

    /// False: nobody has that port.
    bool say_hello(std::span<const std::byte> greeting) {
        due_ = after(repeat_);
        repeat_ = std::min<std::chrono::nanoseconds>(2 * repeat_, last_repeat);
        const auto hello = written({datagram_kind::hello, id_, cookie_},
                                   cookie_ == 0 ? std::span<const std::byte>{} : greeting);
        return socket_.send(hello, deadline::min()) != os::datagram_status::refused;
    }

    /// The next answer to us; its body is in the buffer. Refused: nobody has that port.
    struct answer {
        os::datagram_status status;
        std::optional<datagram_header> header{};
        std::span<const std::byte> body{};
    };
    answer next() {
        const auto got = socket_.receive_from_peer(buffer_, deadline::min());
        if (got.status != os::datagram_status::moved) return {got.status};
        auto header = datagram_header::read(std::span{buffer_}.first(got.bytes));
        if (!header || header->conversation != id_) return {got.status};
        return {got.status, header,
                std::span{buffer_}.first(got.bytes).subspan(datagram_header::bytes)};
    }

    /// Whether it is another one than before.
    bool take_cookie(std::uint64_t cookie) {
        if (std::exchange(cookie_, cookie) == cookie) return false;
        repeat_ = first_repeat;
        return true;
    }

    void refuse(std::uint64_t there, std::string_view why) {
        const auto words =
            written({datagram_kind::refusal, there, 0}, std::as_bytes(std::span{why}));
        for (int i = 0; i < last_words_repeated; ++i) socket_.send(words, deadline::min());
    }

    deadline due() const noexcept { return due_; }
    int fd() const noexcept { return socket_.fd(); }
    std::uint64_t id() const noexcept { return id_; }
    const os::ip_address& to() const noexcept { return to_; }
    os::udp_socket take_socket() { return std::move(socket_); }

private:
    os::ip_address to_;
    os::udp_socket socket_;
    std::vector<std::byte> buffer_;
    std::uint64_t id_ = os::random_u64();
    std::uint64_t cookie_ = 0;
    std::chrono::nanoseconds repeat_ = first_repeat;
    deadline due_{};
};

class dialling {
public:
    dialling(const tcp::tcp_name& to, const channel_types& types, const channel_options& options)
        : name_{to.text()},
          types_{types},
          options_{options},
          until_{after(options.handshake_limit)},
          targets_{to.targets(until_)},
          greeting_{written_greeting(types, options)} {
        refuse_groups(targets_, name_);
        if (greeting_.size() <= message_bytes_most) return;
        throw error{errc::too_large, "open channel", name_,
                    "what describes the types has " + std::to_string(greeting_.size()) +
                        " bytes, for which a datagram has no room"};
    }

    std::unique_ptr<channel_end> run() {
        for (;;) {
            if (may_start()) start_next();
            if (running_.empty() && next_ == targets_.size()) complain();
            repeat_hellos();
            if (auto end = look()) return end;
            if (running_.empty()) continue;  // the next one starts at once
            if (!wait() && clock::now() >= until_) complain_of_time();
        }
    }

private:
    bool may_start() const {
        if (next_ == targets_.size() || running_.size() == os::awaited_max) return false;
        return running_.empty() || clock::now() >= next_start_;
    }

    void start_next() {
        next_start_ = after(tcp::head_start);
        const os::ip_address& to = targets_[next_++];
        try {
            running_.push_back(std::make_unique<attempt>(to, options_));
        } catch (const error& why) {
            note(why);
        }
    }

    void repeat_hellos() {
        for (std::size_t i = 0; i < running_.size();) {
            const bool due = clock::now() >= running_[i]->due();
            i += !due || says_hello(*running_[i]) ? 1 : drop(i);
        }
    }

    bool says_hello(attempt& one) {
        try {
            return one.say_hello(greeting_);
        } catch (const error& why) {
            note(why);
            return false;
        }
    }

    // 0: what stands at that place is another one now.
    std::size_t drop(std::size_t i) {
        next_start_ = clock::now();
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
        return 0;
    }

    std::unique_ptr<channel_end> look() {
        for (std::size_t i = 0; i < running_.size();) {
            const auto got = running_[i]->next();
            if (got.status == os::datagram_status::moved) {
                if (auto end = read(*running_[i], got)) return end;
            } else {
                i += got.status == os::datagram_status::timed_out ? 1 : drop(i);
            }
        }
        return nullptr;
    }

    std::unique_ptr<channel_end> read(attempt& from, const attempt::answer& got) {
        if (!got.header) return nullptr;
        switch (got.header->kind) {
            case datagram_kind::challenge:
                if (from.take_cookie(got.header->number)) says_hello(from);
                return nullptr;
            case datagram_kind::welcome: return meet(from, got);
            case datagram_kind::refusal:
                throw error{
                    errc::refused, "open channel", name_,
                    std::string{reinterpret_cast<const char*>(got.body.data()), got.body.size()}};
            default: return nullptr;
        }
    }

    std::unique_ptr<channel_end> meet(attempt& with, const attempt::answer& welcome) {
        udp_meeting met{.ids = {.here = with.id(), .there = welcome.header->number}};
        try {
            met.peer = read_greeting(welcome.body);
            require_readable(types_, *met.peer);
        } catch (const error& why) {
            with.refuse(met.ids.there, why.what());
            throw;
        }
        const auto to = with.to();
        return std::make_unique<udp_end>(with.take_socket(), to, name_, options_, std::move(met));
    }

    bool wait() const {
        std::array<os::awaited, os::awaited_max> all;
        std::transform(running_.begin(), running_.end(), all.begin(), [](const auto& one) {
            return os::awaited{one->fd(), os::readiness::readable};
        });
        const bool more = next_ < targets_.size() && running_.size() < os::awaited_max;
        deadline due = more ? std::min(until_, next_start_) : until_;
        for (const auto& one : running_) due = std::min(due, one->due());
        return os::wait_any_ready(std::span{all}.first(running_.size()), due);
    }

    void note(const error& why) {
        next_start_ = clock::now();
        if (!failed_) failed_ = why;
    }

    [[noreturn]] void complain() const {
        if (failed_) throw error{*failed_};
        complain_of_nobody(name_);
    }

    [[noreturn]] void complain_of_time() const {
        throw error{std::make_error_code(std::errc::timed_out), "connect to", name_,
                    "nothing answers there: nobody listens or accepts, the machine is down, or a "
                    "firewall drops what we send"};
    }

    std::string name_;
    channel_types types_;
    channel_options options_;
    deadline until_;
    std::vector<os::ip_address> targets_;
    std::vector<std::byte> greeting_;
    std::size_t next_ = 0;
    deadline next_start_{};
    std::vector<std::unique_ptr<attempt>> running_;
    std::optional<error> failed_;
};

std::unique_ptr<channel_end> dial_plain(const tcp::tcp_name& to, const channel_options& options) {
    const auto targets = to.targets(after(options.handshake_limit));
    refuse_groups(targets, to.text());
    return std::make_unique<plain_udp_end>(socket_to(targets.front(), options), targets.front(),
                                           to.text(), options);
}

}  // namespace

std::unique_ptr<channel_end> dial(const tcp::tcp_name& to, const channel_types& types,
                                  const channel_options& options) {
    check_options(options, to.text());
    if (options.frames != framing::messages) return dial_plain(to, options);
    return dialling{to, types, options}.run();
}

}  // namespace signet::transport::udp
