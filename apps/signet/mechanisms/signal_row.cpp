// SPDX-License-Identifier: Apache-2.0
// A message is the value of a real-time signal. Each is acknowledged by another signal before the
// next is sent, so that no more than one waits, whatever the limit of waiting signals is.
#include "catalogue.hpp"

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/process.hpp>
#include <signet/os/signal.hpp>

#include <array>
#include <cstring>
#include <optional>

namespace signet::command {
namespace {

const int message_signal = os::real_time_signal(0);
const int taken_signal = os::real_time_signal(1);

/// How the two processes learn each other's pid.
struct introductions {
    os::event asker;
    os::event answerer;
};

class signal_end final : public mechanism_end {
public:
    signal_end(os::event& own, os::event& other)
        : messages_{std::array{message_signal}}, taken_{std::array{taken_signal}} {
        own.try_add(static_cast<std::uint64_t>(os::current_pid()));  // now that both are blocked
        peer_ = os::process::open(static_cast<int>(other.take(never)));
        check_peer(peer_.has_value());
    }

    void send(std::span<const std::byte> message) override {
        std::uint64_t value = 0;
        std::memcpy(&value, message.data(), std::min(message.size(), sizeof value));
        check_peer(peer_->queue_signal(message_signal, value));
        taken_.receive(never);
    }

    void receive(std::span<std::byte> buffer) override {
        const std::uint64_t value = messages_.receive(never)->value;
        std::memcpy(buffer.data(), &value, std::min(buffer.size(), sizeof value));
        peer_->queue_signal(taken_signal, 0);  // who has gone with all he wanted needs no answer
    }

private:
    static void check_peer(bool there) {
        if (!there) throw error{errc::peer_died, "send the other process a signal"};
    }

    os::signal_queue messages_;
    os::signal_queue taken_;
    std::optional<os::process> peer_;
};

class two_processes final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<signal_end>(pids_.asker, pids_.answerer);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<signal_end>(pids_.answerer, pids_.asker);
    }

private:
    introductions pids_;
};

}  // namespace

mechanism signal_row() {
    return {.name = "signal",
            .header = "signet/os/signal.hpp",
            .boundaries = true,
            .direction = "one way, to a process",
            .persistence = "until its receiver is gone",
            .message_bytes_max = sizeof(std::uint64_t),
            .left_behind = "nothing; what it sent arrives",
            .use_when = "a process must be told to stop, reload or look",
            .round_trip_bytes = sizeof(std::uint64_t),
            .stream_bytes = sizeof(std::uint64_t),
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<two_processes>();
            }};
}

}  // namespace signet::command
