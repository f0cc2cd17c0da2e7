// SPDX-License-Identifier: Apache-2.0
// One queue carries both directions: the type of a message says whom it is for.
#include "catalogue.hpp"

#include <signet/os/sysv_queue.hpp>

#include <stdexcept>

namespace signet::command {
namespace {

constexpr long for_answerer = 1;
constexpr long for_asker = 2;

class sysv_queue_end final : public mechanism_end {
public:
    sysv_queue_end(int id, long out, long in)
        : queue_{os::sysv_queue::open_id(id)}, out_{out}, in_{in} {}

    void send(std::span<const std::byte> message) override {
        require_done(queue_.send(out_, message));
    }

    void receive(std::span<std::byte> buffer) override {
        const auto message = queue_.receive(os::sysv_types::exactly(in_), buffer, never);
        require_done(message.outcome);
        if (message.bytes != buffer.size()) throw std::runtime_error{"a message has another size"};
    }

private:
    static void require_done(os::sysv_outcome outcome) {
        if (outcome != os::sysv_outcome::done) throw std::runtime_error{"the queue was removed"};
    }

    os::sysv_queue queue_;
    long out_;
    long in_;
};

class sysv_queue_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override {
        return std::make_unique<sysv_queue_end>(queue_.id(), for_answerer, for_asker);
    }
    std::unique_ptr<mechanism_end> answering() override {
        return std::make_unique<sysv_queue_end>(queue_.id(), for_asker, for_answerer);
    }

private:
    os::sysv_queue queue_ = os::sysv_queue::create_private();
};

}  // namespace

mechanism sysv_queue_row() {
    constexpr std::size_t usual_bytes = 8192;
    return {.name = "sysv mq",
            .header = "signet/os/sysv_queue.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until it is removed, or the machine stops",
            .message_bytes_max = os::current_sysv_queue_limits().message_bytes_max,
            .left_behind = "the queue and its messages",
            .use_when = "programs use it already, or receivers choose by type",
            .stream_bytes = usual_bytes,
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<sysv_queue_exchange>();
            }};
}

}  // namespace signet::command
