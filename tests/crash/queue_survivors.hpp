// SPDX-License-Identifier: Apache-2.0
// Those who survive a sweep in a queue: this process, which has it open. After each death the seat
// of the dead is swept, every seat can be taken, what the test says holds, and in the end every
// page of the queue is free. Each victim dies in a queue of its own. For the one thread of a test.
#pragma once

#include "../actors/actor.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"
#include "sweep.hpp"

#include <signet/pattern/queue/queue_core.hpp>
#include <signet/region.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::tests {

using pattern::held_message;
using pattern::push_outcome;
using pattern::queue_core;
using pattern::queue_shape;

inline const queue_shape swept_shape{
    .bytes = 96 * 1024, .message_bytes_max = 12000, .priorities = 2, .seats = 4};

inline pattern::queue_place swept_queue() {
    return pattern::queue_place::named("swept");
}

inline std::string swept_path() {
    return std::string{std::getenv("SIGNET_DIR")} + "/queues/swept";
}

/// A queue as one process has it, in words short enough for tests.
class worker {
public:
    explicit worker(const queue_shape& shape = swept_shape)
        : queue{queue_core::open_or_create(swept_queue(), shape)} {}

    bool push(std::string_view text, const pattern::queue_terms& terms = {}) const {
        return queue->try_push(std::as_bytes(std::span{text}), terms) == push_outcome::accepted;
    }
    bool loan_and_push(std::string_view text) const {
        auto space = queue->try_loan(text.size());
        if (!space) return false;
        std::copy(text.begin(), text.end(), reinterpret_cast<char*>(space->payload().data()));
        return queue->push(std::move(*space)) == push_outcome::accepted;
    }
    static std::string text_of(const held_message& one) {
        return {reinterpret_cast<const char*>(one.payload().data()), one.payload().size()};
    }
    /// Takes one and acknowledges it; no value where there is none.
    std::optional<std::string> pop() const {
        auto one = queue->try_pop();
        if (!one) return std::nullopt;
        std::string text = text_of(*one);
        queue->acknowledge(std::move(*one));
        return text;
    }
    std::vector<std::string> pop_all() const {
        std::vector<std::string> all;
        while (auto one = pop()) all.push_back(*one);
        return all;
    }

    std::shared_ptr<queue_core> queue;
};

class queue_survivors {
public:
    explicit queue_survivors(queue_shape shape = swept_shape) : shape_{std::move(shape)} {}

    void watch_victim() const { watch_steps({}); }

    /// Before each kill: everything is new. `prepare` may leave something in the queue; where
    /// `stays_away`, nobody else has it open until the victim has ended.
    void begin() {
        here_.reset();
        queue_core::remove(swept_queue());
        if (!stays_away) here_.emplace(shape_);
        if (prepare) prepare();
    }
    void pump() noexcept {}
    void wake_sleepers() {}

    void settle(pid_t, bool) {
        if (!here_) here_.emplace(shape_);
        const region in = look();
        EXPECT_TRUE(eventually([&] { return taken(in) == 2; })) << "not swept";
        std::vector<region> others;
        EXPECT_NO_THROW(while (others.size() + 2 < shape_.seats) others.push_back(look()));
    }

    void check(pid_t, bool) {
        expect();
        EXPECT_TRUE(worker{shape_}.push("last"));
        EXPECT_EQ(here_->pop_all(), std::vector<std::string>{"last"});
        expect_pages_free();
    }

    std::string summary() const { return {}; }

    const worker& here() const { return *here_; }

    std::function<void()> prepare{};
    std::function<void()> expect{};
    bool stays_away = false;

private:
    region look() const { return region::open_file(swept_path()); }
    static std::size_t taken(const region& in) { return in.core()->seats().holders().size(); }

    // Pages that nobody needs may stay as they are: who fills the queue finds them all.
    void expect_pages_free() {
        const auto all = here_->queue->account();
        EXPECT_EQ(all.length + all.in_flight + all.delayed, 0u);
        const std::string page(4000, 'p');
        std::uint64_t pushed = 0;
        while (here_->push(page)) ++pushed;
        EXPECT_EQ(pushed, all.pages - 1);  // one is kept
    }

    own_rendezvous place_;
    queue_shape shape_;
    std::optional<worker> here_;
};

/// A victim that has the queue open, and is killed in `act`.
inline std::function<void(int)> killed_in_queue(std::function<void(const worker&)> act) {
    return [act = std::move(act)](int k) {
        const worker here;
        await_go();
        die_before_step(k);
        act(here);
        _exit(::testing::Test::HasFailure() ? 1 : 0);
    };
}

}  // namespace signet::tests
