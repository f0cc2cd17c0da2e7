// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <signet/base/error.hpp>
#include <signet/os/sysv_queue.hpp>

#include <algorithm>

namespace signet::command {
namespace {

constexpr std::uint64_t usual_bytes = 8192;
constexpr long question = 1;
constexpr long answer = 2;

std::uint64_t message_bytes_now() {
    return os::current_sysv_queue_limits().message_bytes_max.value_or(usual_bytes);
}

class typed_end final : public mechanism_end {
public:
    typed_end(int id, long out, long in)
        : queue_{os::sysv_queue::open_id(id)}, out_{out}, in_{os::sysv_types::exactly(in)} {}

    void send(std::span<const std::byte> message) override { expect(queue_.send(out_, message)); }

    void receive(std::span<std::byte> buffer) override {
        expect(queue_.receive(in_, buffer, never).outcome);
    }

private:
    static void expect(os::sysv_outcome outcome) {
        if (outcome == os::sysv_outcome::done) return;
        throw error{errc::peer_died, "use a System V queue", {}, "somebody has removed it"};
    }

    os::sysv_queue queue_;
    long out_;
    os::sysv_types in_;
};

// One queue for both directions, told apart by the messages' type.
class one_queue final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<typed_end>(queue_.id(), question, answer);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<typed_end>(queue_.id(), answer, question);
    }

private:
    os::sysv_queue queue_ = os::sysv_queue::create_private();
};

}  // namespace

mechanism sysv_queue_row() {
    return {.name = "System V message queue",
            .header = "signet/os/sysv_queue.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until removed, or the next boot",
            .message_bytes_max = os::current_sysv_queue_limits().message_bytes_max,
            .left_behind = "the queue, and its messages, whole",
            .use_when = "an older program speaks it, or many types share one queue",
            .round_trip_bytes = 48,
            .stream_bytes = static_cast<std::size_t>(std::min(message_bytes_now(), usual_bytes)),
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<one_queue>();
            }};
}

}  // namespace signet::command
