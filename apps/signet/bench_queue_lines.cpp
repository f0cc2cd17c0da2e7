// SPDX-License-Identifier: Apache-2.0
#include "bench_queue_lines.hpp"

#include "bench_round.hpp"

#include <signet/face/raw_queue.hpp>
#include <signet/os/posix_queue.hpp>
#include <signet/os/random.hpp>
#include <signet/os/sysv_queue.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace signet::command {
namespace {

// ---- ours ---------------------------------------------------------------------------------------

class signet_line final : public queue_line {
public:
    signet_line(const std::string& directory, queue_waiting how)
        : queue_{raw_queue::open("bench", {.directory = directory})}, how_{how} {}

    void push(const queue_message& message) override {
        if (how_ == queue_waiting::sleeping) {
            queue_.push(message);
            return;
        }
        poll_until([&] { return queue_.try_push(message) != push_outcome::full; });
    }

    void pop(queue_message& into) override {
        raw_popped message = how_ == queue_waiting::sleeping ? queue_.pop() : queue_.try_pop();
        if (!message) poll_until([&] { return static_cast<bool>(message = queue_.try_pop()); });
        std::memcpy(into.data(), message.bytes().data(), into.size());
        message.ack();
    }

private:
    raw_queue queue_;
    queue_waiting how_;
};

/// No process has it open before the others do: who forks has no queue.
class signet_site final : public queue_site {
public:
    signet_site() {
        const raw_queue made{
            "bench", {.message_bytes_max = sizeof(queue_message), .directory = directory_.path()}};
    }
    std::unique_ptr<queue_line> open(queue_waiting how) override {
        return std::make_unique<signet_line>(directory_.path(), how);
    }

private:
    private_directory directory_;
};

// ---- the kernel's -------------------------------------------------------------------------------

class posix_line final : public queue_line {
public:
    posix_line(os::posix_queue& queue, queue_waiting how) : queue_{&queue}, how_{how} {
        if (how == queue_waiting::sleeping) queue.wait_in_calls();
    }

    void push(const queue_message& message) override {
        if (how_ == queue_waiting::sleeping) return queue_->send(message, 0);
        poll_until([&] { return queue_->try_send(message); });
    }
    void pop(queue_message& into) override {
        if (how_ == queue_waiting::sleeping) {
            queue_->receive(into);
            return;
        }
        poll_until([&] { return queue_->try_receive(into).has_value(); });
    }

private:
    os::posix_queue* queue_;
    queue_waiting how_;
};

class posix_site final : public queue_site {
public:
    std::unique_ptr<queue_line> open(queue_waiting how) override {
        return std::make_unique<posix_line>(queue_, how);
    }

private:
    static os::posix_queue_geometry geometry() {
        constexpr std::uint64_t enough = 256;
        const auto allowed = os::current_posix_queue_limits().messages_max.value_or(enough);
        return {.messages_max = std::min(allowed, enough),
                .message_bytes_max = sizeof(queue_message)};
    }

    os::posix_queue queue_ =
        os::posix_queue::create(fmt::format("signet-bench-{:016x}", os::random_u64()), geometry());
};

class sysv_line final : public queue_line {
public:
    sysv_line(os::sysv_queue& queue, queue_waiting how) : queue_{&queue}, how_{how} {}

    void push(const queue_message& message) override {
        if (how_ == queue_waiting::sleeping) {
            require(queue_->send(1, message));
            return;
        }
        poll_until([&] { return require(queue_->try_send(1, message)); });
    }
    void pop(queue_message& into) override {
        if (how_ == queue_waiting::sleeping) {
            require(queue_->receive(os::sysv_types::any(), into, never).outcome);
            return;
        }
        poll_until(
            [&] { return require(queue_->try_receive(os::sysv_types::any(), into).outcome); });
    }

private:
    static bool require(os::sysv_outcome became) {
        if (became == os::sysv_outcome::removed) {
            throw std::runtime_error{"a queue of System V was removed"};
        }
        return became == os::sysv_outcome::done;
    }

    os::sysv_queue* queue_;
    queue_waiting how_;
};

class sysv_site final : public queue_site {
public:
    std::unique_ptr<queue_line> open(queue_waiting how) override {
        return std::make_unique<sysv_line>(queue_, how);
    }

private:
    os::sysv_queue queue_ = os::sysv_queue::create_private();
};

}  // namespace

std::unique_ptr<queue_site> make_signet_site() {
    return std::make_unique<signet_site>();
}

std::vector<queue_rival> queue_rivals() {
    constexpr double wanted_of_the_kernel = 5;
    std::vector<queue_rival> all{{"posix", "POSIX message queue", wanted_of_the_kernel,
                                  [] { return std::make_unique<posix_site>(); }},
                                 {"sysv", "System V message queue", wanted_of_the_kernel,
                                  [] { return std::make_unique<sysv_site>(); }}};
    for (queue_rival& one : boost_queue_rivals()) all.push_back(std::move(one));
    return all;
}

}  // namespace signet::command
