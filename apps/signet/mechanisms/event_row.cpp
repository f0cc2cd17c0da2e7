// SPDX-License-Identifier: Apache-2.0
// An eventfd carries a number, which is the message: the sender adds it to a counter of zero, the
// receiver takes it. Numbers add up, so each waits for a token that says the one before was taken.
// The counter cannot be increased by 0: what travels is the number plus one.
#include "catalogue.hpp"

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>

#include <algorithm>
#include <cstring>

namespace signet::command {
namespace {

struct direction {
    os::event number;
    os::event room = os::event::semaphore(1);
};

class event_end final : public mechanism_end {
public:
    event_end(direction& out, direction& in) : out_{out}, in_{in} {}

    void send(std::span<const std::byte> message) override {
        std::uint64_t value = 0;
        std::memcpy(&value, message.data(), std::min(message.size(), sizeof value));
        if (value >= os::event::count_max) {
            throw error{errc::too_large, "send a number by an event", std::to_string(value)};
        }
        out_.room.take(never);
        out_.number.try_add(value + 1);
    }

    void receive(std::span<std::byte> buffer) override {
        const std::uint64_t value = in_.number.take(never) - 1;
        in_.room.signal();
        std::memcpy(buffer.data(), &value, std::min(buffer.size(), sizeof value));
    }

private:
    direction& out_;
    direction& in_;
};

class two_directions final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<event_end>(there_, back_);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<event_end>(back_, there_);
    }

private:
    direction there_;
    direction back_;
};

}  // namespace

mechanism event_row() {
    return {.name = "event",
            .header = "signet/os/event.hpp",
            .boundaries = false,
            .direction = "any to any",
            .persistence = "until its last user is gone",
            .message_bytes_max = sizeof(std::uint64_t),
            .left_behind = "what it added to the count",
            .use_when = "a bell or a count that poll and epoll can wait for",
            .round_trip_bytes = sizeof(std::uint64_t),
            .stream_bytes = sizeof(std::uint64_t),
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<two_directions>();
            }};
}

}  // namespace signet::command
