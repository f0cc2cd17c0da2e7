// SPDX-License-Identifier: Apache-2.0
// The queue of Boost.Interprocess, where the build has found it.
#include "bench_queue_lines.hpp"

#include <signet/os/random.hpp>

#include <fmt/core.h>
#include <boost/interprocess/ipc/message_queue.hpp>

namespace signet::command {
namespace {

using boost_queue = boost::interprocess::message_queue;

constexpr std::size_t messages = 1024;

class boost_line final : public queue_line {
public:
    boost_line(boost_queue& queue, queue_waiting how) : queue_{&queue}, how_{how} {}

    void push(const queue_message& message) override {
        if (how_ == queue_waiting::sleeping) return queue_->send(message.data(), message.size(), 0);
        poll_until([&] { return queue_->try_send(message.data(), message.size(), 0); });
    }
    void pop(queue_message& into) override {
        boost_queue::size_type bytes = 0;
        unsigned priority = 0;
        if (how_ == queue_waiting::sleeping) {
            return queue_->receive(into.data(), into.size(), bytes, priority);
        }
        poll_until([&] { return queue_->try_receive(into.data(), into.size(), bytes, priority); });
    }

private:
    boost_queue* queue_;
    queue_waiting how_;
};

class boost_site final : public queue_site {
public:
    ~boost_site() override { boost_queue::remove(name_.c_str()); }
    std::unique_ptr<queue_line> open(queue_waiting how) override {
        return std::make_unique<boost_line>(queue_, how);
    }

private:
    std::string name_ = fmt::format("signet-bench-{:016x}", os::random_u64());
    boost_queue queue_{boost::interprocess::create_only, name_.c_str(), messages,
                       sizeof(queue_message)};
};

}  // namespace

std::vector<queue_rival> boost_queue_rivals() {
    constexpr double wanted = 2;
    return {{"boost", "Boost.Interprocess", wanted, [] { return std::make_unique<boost_site>(); }}};
}

}  // namespace signet::command
