// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"

#include <signet/os/posix_queue.hpp>
#include <signet/os/random.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace signet::command {
namespace {

class posix_queue_end final : public mechanism_end {
public:
    posix_queue_end(const std::string& out, const std::string& in)
        : out_{os::posix_queue::open(out)},
          in_{os::posix_queue::open(in)},
          whole_(in_.geometry().message_bytes_max) {}

    void send(std::span<const std::byte> message) override { out_.send(message, 0, never); }

    void receive(std::span<std::byte> buffer) override {
        const auto message = in_.receive(whole_, never);
        if (message->bytes != buffer.size()) throw std::runtime_error{"a message has another size"};
        std::copy_n(whole_.begin(), buffer.size(), buffer.begin());
    }

private:
    os::posix_queue out_;
    os::posix_queue in_;
    std::vector<std::byte> whole_;  // the kernel wants room for the largest
};

class posix_queue_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<posix_queue_end>(there_.name(), back_.name());
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<posix_queue_end>(back_.name(), there_.name());
    }

private:
    static os::posix_queue make() {
        return os::posix_queue::create(fmt::format("/signet-tour-{:016x}", os::random_u64()));
    }

    os::posix_queue there_ = make();
    os::posix_queue back_ = make();
};

}  // namespace

mechanism posix_queue_row() {
    const os::posix_queue_geometry usual;
    return {.name = "posix mq",
            .header = "signet/os/posix_queue.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until it is removed, or the machine stops",
            .message_bytes_max = os::current_posix_queue_limits().message_bytes_max,
            .left_behind = "the queue, its messages and its name",
            .use_when = "small messages, the most urgent first, are to outlive both processes",
            .stream_bytes = usual.message_bytes_max,
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<posix_queue_exchange>();
            }};
}

}  // namespace signet::command
