// SPDX-License-Identifier: Apache-2.0
// Those who outlive a storm, each end with a thread of its own. Events and counts from any thread.
#pragma once

#include "../actors/self_checking.hpp"
#include "storm.hpp"

#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace signet::tests {

/// A publisher and a subscriber of one topic that outlive everybody.
template <class Message>
class storm_survivors {
public:
    explicit storm_survivors(const std::string& topic)
        : in_{here_, topic, subscriber_options{.policy = delivery::block}},
          out_{there_, topic, publisher_options{.depth = 8}} {
        out_.wait_for_subscribers(1);
        reader_ = std::jthread{[this](std::stop_token stop) { read(stop); }};
        writer_ = std::jthread{[this](std::stop_token stop) { write(stop); }};
    }

    std::optional<topic_event> try_event() {
        if (auto event = in_.try_event()) return event;
        return out_.try_event();
    }

    std::uint64_t received() const noexcept { return received_.load(); }
    std::uint64_t published() const noexcept { return out_.published(); }

    /// Returns when what is under way in the control planes is done.
    void settle() {
        const auto handled_here = here_.plane()->lock();
        const auto handled_there = there_.plane()->lock();
    }

    void report_to(storm_report& report) {
        writer_ = {};
        reader_ = {};
        report.received += received();
        report.publishers_seen += sequence_.publishers();
        if (!fault_.empty()) report.faults.push_back(fault_);
    }

private:
    void read(const std::stop_token& stop) try {
        while (const auto got = in_.receive(stop)) {
            const auto fault = sequence_.fault_of(got);
            if (fault && fault_.empty()) fault_ = *fault;
            ++received_;
        }
    } catch (const std::exception& e) {
        fault_ = e.what();
    }

    void write(const std::stop_token& stop) {
        Message message;
        for (std::uint64_t i = 0; !stop.stop_requested(); ++i) {
            fill(message, static_cast<std::uint64_t>(getpid()), i);
            out_.publish(message, stop);
        }
    }

    context here_;
    context there_;
    subscriber<Message> in_;
    publisher<Message> out_;
    sequence_check sequence_;
    std::string fault_;
    std::atomic<std::uint64_t> received_{0};
    std::jthread reader_;
    std::jthread writer_;
};

}  // namespace signet::tests
