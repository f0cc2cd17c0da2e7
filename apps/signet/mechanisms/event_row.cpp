// SPDX-License-Identifier: Apache-2.0
// A count is the message. Counts that are not taken add up, so a message waits until the one before
// was taken.
#include "catalogue.hpp"
#include "number_message.hpp"

#include <signet/os/event.hpp>

namespace signet::command {
namespace {

/// One direction.
struct event_pair {
    os::event number;
    os::event taken;
};

class event_end final : public mechanism_end {
public:
    event_end(event_pair& out, event_pair& in) : out_{out}, in_{in} {}

    void send(std::span<const std::byte> message) override {
        if (sent_) out_.taken.take(never);
        sent_ = true;
        out_.number.try_add(number_in(message) + 1);  // 0 is no message
    }

    void receive(std::span<std::byte> buffer) override {
        put_number(buffer, in_.number.take(never) - 1);
        in_.taken.signal();
    }

private:
    event_pair& out_;
    event_pair& in_;
    bool sent_ = false;
};

class event_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<event_end>(there_, back_);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<event_end>(back_, there_);
    }

private:
    event_pair there_;
    event_pair back_;
};

}  // namespace

mechanism event_row() {
    return {
        .name = "event",
        .header = "signet/os/event.hpp",
        .boundaries = false,
        .direction = "any to any",
        .persistence = "until its last holder is gone",
        .message_bytes_max = number_bytes,
        .left_behind = "the count as it is",
        .use_when = "a process that waits for descriptors is to be woken, or something is counted",
        .round_trip_bytes = number_bytes,
        .stream_bytes = number_bytes,
        .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
            return std::make_unique<event_exchange>();
        }};
}

}  // namespace signet::command
