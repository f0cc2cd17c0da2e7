// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <signet/os/posix_queue.hpp>
#include <signet/os/process.hpp>

#include <algorithm>
#include <vector>

namespace signet::command {
namespace {

constexpr std::uint64_t usual_bytes = 8192;

os::posix_queue_geometry geometry_now() {
    const os::posix_queue_limits limits = os::current_posix_queue_limits();
    const std::uint64_t messages = limits.messages_max.value_or(10);
    const std::uint64_t bytes = limits.message_bytes_max.value_or(usual_bytes);
    return {.messages_max = static_cast<std::size_t>(std::min<std::uint64_t>(messages, 10)),
            .message_bytes_max = static_cast<std::size_t>(std::min(bytes, usual_bytes))};
}

class queue_end final : public mechanism_end {
public:
    queue_end(const std::string& out, const std::string& in)
        : out_{os::posix_queue::open(out)},
          in_{os::posix_queue::open(in)},
          buffer_(in_.geometry().message_bytes_max) {}

    void send(std::span<const std::byte> message) override { out_.send(message, 0, never); }

    void receive(std::span<std::byte> buffer) override {
        const auto message = in_.receive(buffer_, never);
        const std::size_t bytes = std::min(message->bytes, buffer.size());
        std::copy_n(buffer_.begin(), bytes, buffer.begin());
    }

private:
    os::posix_queue out_;
    os::posix_queue in_;
    std::vector<std::byte> buffer_;  // the kernel wants room for the largest message
};

class two_queues final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<queue_end>(there_.name(), back_.name());
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<queue_end>(back_.name(), there_.name());
    }

private:
    const std::string name_ = "/signet-tour-" + std::to_string(os::current_pid());
    os::posix_queue there_ = os::posix_queue::create(name_ + "-there", geometry_now());
    os::posix_queue back_ = os::posix_queue::create(name_ + "-back", geometry_now());
};

}  // namespace

mechanism posix_queue_row() {
    return {.name = "POSIX message queue",
            .header = "signet/os/posix_queue.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until removed, or the next boot",
            .message_bytes_max = os::current_posix_queue_limits().message_bytes_max,
            .left_behind = "the name, and its messages, whole",
            .use_when = "short commands with priorities, which outlive a process",
            .round_trip_bytes = 48,
            .stream_bytes = geometry_now().message_bytes_max,
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<two_queues>();
            }};
}

}  // namespace signet::command
