// SPDX-License-Identifier: Apache-2.0
// What publishers of all kinds have in common: `publisher<T>` and `raw_publisher` add how a message
// is made. Rules of use stand there.
#pragma once

#include <signet/face/topic_ends.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/topic.hpp>
#include <signet/transport/shm/publisher_watch.hpp>
#include <signet/transport/shm/topic_publisher.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet {

class sender {
public:
    /// How many subscribers have joined.
    std::size_t subscribers() const { return engine_->subscribers(); }

    /// Each of them: how far behind it is, what it lost and what it holds.
    std::vector<subscriber_status> statuses() const {
        auto all = engine_->statuses();
        if (relay() != nullptr) {
            for (auto& one : all) one = relay()->told(one);
        }
        return all;
    }

    /// Waits until at least `count` have joined. False: stopped.
    bool wait_for_subscribers(std::size_t count, std::stop_token stop = {}) {
        return engine_->wait_for_subscribers(count, {never, std::move(stop)});
    }

    /// The same, waiting at most for `limit`.
    bool wait_for_subscribers_for(std::size_t count, std::chrono::nanoseconds limit) {
        return engine_->wait_for_subscribers(count, {after(limit), {}});
    }

    /// Who joined, left, died, was refused or evicted, oldest first; none: nothing new.
    std::optional<topic_event> try_event() {
        auto event = engine_->try_event();
        if (event && relay() != nullptr) return relay()->told(std::move(*event));
        return event;
    }

    /// For waits over several endpoints.
    std::unique_ptr<transport::waitable> watch(transport::shm::publisher_interest in) const {
        return std::make_unique<transport::shm::publisher_watch>(*engine_, in);
    }

    /// Messages published so far.
    std::uint64_t published() const noexcept { return engine_->published(); }

    /// The name it was made with; of an address the one to connect to, with what the system chose:
    /// the port of "tcp://127.0.0.1:0".
    const std::string& topic() const noexcept {
        return relay() != nullptr ? relay()->address() : engine_->topic();
    }

protected:
    using engine = transport::shm::topic_publisher;

    sender(std::shared_ptr<link::control_plane> plane, std::string_view name,
           const wire::type_descriptor& type, const publisher_options& options)
        : engine_{face::publish_at(std::move(plane), name, type, options)} {}

    engine& to() const noexcept { return *engine_; }

private:
    /// Null: the topic is in shared memory alone.
    transport::relay::relayed_publisher* relay() const noexcept {
        return engine_.get_deleter().relay;
    }

    face::publisher_end engine_;
};

}  // namespace signet
