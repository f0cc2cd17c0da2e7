// SPDX-License-Identifier: Apache-2.0
// Real-time signals, each with a number. Only so many may wait, so the sender waits for a sign that
// a batch of them was taken.
#include "catalogue.hpp"
#include "number_message.hpp"

#include <signet/os/event.hpp>
#include <signet/os/process.hpp>
#include <signet/os/signal.hpp>

#include <array>
#include <stdexcept>

namespace signet::command {
namespace {

constexpr std::uint64_t batch = 64;

class signal_end final : public mechanism_end {
public:
    signal_end(const std::array<int, 2>& numbers, int peer)
        : data_{std::span{numbers}.first(1)},
          taken_{std::span{numbers}.last(1)},
          numbers_{numbers},
          peer_{os::process::open(peer).value()} {}

    void send(std::span<const std::byte> message) override {
        if (sent_ != 0 && sent_ % batch == 0) taken_.receive(never);
        ++sent_;
        if (peer_.queue_signal(numbers_[0], number_in(message))) return;
        throw std::runtime_error{"the peer is gone"};
    }

    void receive(std::span<std::byte> buffer) override {
        put_number(buffer, data_.receive(never).value().value);
        // Who sent its last message does not wait for the sign, and may be gone.
        if (++received_ % batch == 0) peer_.queue_signal(numbers_[1], received_);
    }

private:
    os::signal_queue data_;
    os::signal_queue taken_;
    std::array<int, 2> numbers_;
    os::process peer_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

class signal_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override { return meet(asker_, answerer_); }
    std::unique_ptr<mechanism_end> answering() override { return meet(answerer_, asker_); }

private:
    /// Each tells the other its pid.
    std::unique_ptr<mechanism_end> meet(os::event& mine, os::event& other) {
        mine.try_add(static_cast<std::uint64_t>(os::current_pid()));
        return std::make_unique<signal_end>(numbers_, static_cast<int>(other.take(never)));
    }

    const std::array<int, 2> numbers_{os::real_time_signal(0), os::real_time_signal(1)};
    os::blocked_signals blocked_{numbers_};  // in the children too: what comes early waits
    os::event asker_;
    os::event answerer_;
};

}  // namespace

mechanism signal_row() {
    return {.name = "signal",
            .header = "signet/os/signal.hpp",
            .boundaries = true,
            .direction = "any to one",
            .persistence = "until it is taken, or its receiver is gone",
            .message_bytes_max = number_bytes,
            .left_behind = "nothing; what it had sent arrives",
            .use_when = "a process is to stop, to look, or to read its settings again",
            .round_trip_bytes = number_bytes,
            .stream_bytes = number_bytes,
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<signal_exchange>();
            }};
}

}  // namespace signet::command
