// SPDX-License-Identifier: Apache-2.0
// What is delayed makes room for what is pushed: a queue that is full of pages with a few such
// messages in each moves them together.
#include <signet/pattern/queue/queue_core.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/pattern/queue/durable_queue.hpp>
#include <signet/pattern/queue/log_accord.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/shared_page.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace signet::pattern {
namespace {

using namespace std::chrono_literals;
using queue_ptr = std::shared_ptr<queue_core>;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}
std::string text_of(const held_message& one) {
    return {reinterpret_cast<const char*>(one.payload().data()), one.payload().size()};
}

class QueueMoves : public ::testing::Test {
protected:
    queue_ptr open() const { return queue_core::open_or_create(where_, shape_); }
    static bool push(const queue_ptr& into, std::string_view text, const queue_terms& terms = {}) {
        return into->try_push(bytes_of(text), terms) == push_outcome::accepted;
    }
    static std::string numbered(int number) {
        std::string text(100, 'x');
        return text.replace(0, 8, std::to_string(10000000 + number));
    }

    /// Pushes messages of 100 bytes and pops them; each 25th is given back for `delay`. How many
    /// were, until the queue was full or `most` of them.
    int delay_some(const queue_ptr& in, std::chrono::nanoseconds delay, int most) {
        for (int delayed = 0; delayed < most; ++delayed) {
            for (int i = 0; i < 24; ++i) {
                if (!push(in, std::string(100, 'd'))) return delayed;
                finish_one(in);
            }
            if (!push(in, numbered(delayed))) return delayed;
            while (!finish_or_delay_one(in, delay)) {
            }
        }
        return most;
    }
    /// True: it was one that came for the first time, and is delayed now.
    bool finish_or_delay_one(const queue_ptr& in, std::chrono::nanoseconds delay) {
        auto one = in->try_pop();
        const bool first = one->deliveries() == 1;
        if (first) {
            in->give_back(std::move(*one), delay);
        } else {
            finish(in, std::move(*one));
        }
        return first;
    }
    void finish_one(const queue_ptr& in) { finish(in, std::move(*in->try_pop())); }
    void finish(const queue_ptr& in, held_message&& one) {
        if (text_of(one)[0] != 'd') got_.insert(text_of(one));
        in->acknowledge(std::move(one));
    }
    /// All there is and all that is delayed, until so many of these came again.
    void pop_until(const queue_ptr& in, std::size_t count) {
        for (;;) {
            if (auto one = in->try_pop()) {
                finish(in, std::move(*one));
            } else if (got_.size() < count || in->account().delayed != 0) {
                in->wait_for_message({});
            } else {
                return;
            }
        }
    }

    std::multiset<std::string> got_;  ///< what was delayed, came again and was finished
    testing::temporary_directory place_;
    queue_place where_ = queue_place::named("jobs", place_.path());
    queue_shape shape_{.bytes = 1 << 20, .message_bytes_max = 65536, .seats = 8};
};

/// 218, where nothing moves.
TEST_F(QueueMoves, AMebibyteTakesThousandsOfDelayedMessages) {
    const queue_ptr here = open();
    EXPECT_EQ(delay_some(here, 1h, 4000), 4000);
    EXPECT_EQ(here->account().delayed, 4000u);
    EXPECT_TRUE(push(here, "more"));
}

TEST_F(QueueMoves, EachOfThemComesOnceWhenItIsDue) {
    const queue_ptr here = open();
    std::multiset<std::string> expected;
    for (int i = 0; i < 2000; ++i) expected.insert(numbered(i));
    ASSERT_EQ(delay_some(here, 500ms, 2000), 2000);
    pop_until(here, 2000);
    EXPECT_EQ(got_, expected);
    const queue_account left = here->account();
    EXPECT_EQ(left.length + left.delayed + left.in_flight, 0u);
}

TEST_F(QueueMoves, AMessageThatIsMovedKeepsItsId) {
    shape_ = {.bytes = 1 << 16, .message_bytes_max = 1000, .seats = 4, .id_window = 1h};
    const queue_ptr here = open();
    const queue_terms seven{.delay = 1h, .id = message_id{{std::byte{7}}}};
    EXPECT_TRUE(push(here, "text", seven));
    EXPECT_EQ(delay_some(here, 1h, 100), 100);
    EXPECT_EQ(here->try_push(bytes_of("text"), seven), push_outcome::duplicate);
    const auto all = here->peek(1000);
    EXPECT_EQ(
        std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.id == seven.id; }),
        1);
}

TEST_F(QueueMoves, WhoWaitsForRoomIsWokenByWhatIsGivenBackForAWhile) {
    shape_ = {.bytes = 1 << 16, .message_bytes_max = 4000, .seats = 4};
    const queue_ptr here = open();
    const queue_ptr other = open();
    std::vector<held_message> held;
    for (int i = 0; push(here, std::string(1000, 'x')); ++i) {
        held.push_back(std::move(*other->try_pop()));
        if (i % 4 == 0) continue;
        other->acknowledge(std::move(held.back()));
        held.pop_back();
    }
    EXPECT_EQ(here->wait_for_room(1000, {}, {.until = after(1ms)}), wait_outcome::timed_out);
    std::jthread gives_back{[&] {
        for (held_message& one : held) other->give_back(std::move(one), 1h);
    }};
    EXPECT_EQ(here->wait_for_room(1000, {}, {}), wait_outcome::woken);
}

/// What several processes got, by number.
struct tally {
    std::array<std::atomic<std::uint32_t>, 3000> got{};
    std::atomic<std::uint32_t> all{0};
};

TEST_F(QueueMoves, WhatSeveralProcessesDelayComesOnceToOneOfThem) {
    constexpr std::uint32_t each = 1000;
    shape_ = {.bytes = 1 << 16, .message_bytes_max = 1000, .seats = 8};
    const testing::shared_page<tally> seen;
    const auto work = [&](std::uint32_t first) {
        const queue_ptr here = open();
        std::uint32_t pushed = 0;
        while (seen->all < seen->got.size()) {
            if (pushed < each && push(here, numbered(static_cast<int>(first + pushed)))) ++pushed;
            auto one = here->try_pop();
            if (!one) here->wait_for_message({.until = after(10ms)});
            if (!one) continue;
            const int number = std::stoi(text_of(*one).substr(0, 8)) - 10000000;
            if (number % 4 == 0 && one->deliveries() == 1) {
                here->give_back(std::move(*one), 100ms);
                continue;
            }
            here->acknowledge(std::move(*one));
            ++seen->got.at(static_cast<std::size_t>(number));
            ++seen->all;
        }
        return 0;
    };
    {
        std::vector<std::unique_ptr<testing::forked_peer>> workers;
        for (std::uint32_t w = 0; w < 3; ++w) {
            workers.push_back(
                std::make_unique<testing::forked_peer>([&, w] { return work(w * each); }));
        }
        for (const auto& one : workers) EXPECT_EQ(one->exit_code(), 0);
    }
    for (const auto& times : seen->got) EXPECT_EQ(times, 1u);
    EXPECT_EQ(open()->account().delayed, 0u);
}

// ---- durable ------------------------------------------------------------------------------------

class DurableQueueMoves : public QueueMoves {
protected:
    queue_ptr open_durable() const {
        return open_durable_queue(path(), shape_, opening::open_or_create);
    }
    std::string path() const { return place_.path() + "/durable"; }
    // As a stop of the machine that lost nothing.
    void restart() const {
        const os::file accord = os::file::open(path() + "/" + log_accord::file_name);
        accord.write_at(offsetof(accord_head, boot), bytes_of("another boot id!"));
    }
    /// More than there are pages, with one delayed message in each. How many.
    int fill(const queue_ptr& in, std::chrono::nanoseconds delay) {
        constexpr int more_than_pages = 20;
        for (int i = 0; i < more_than_pages; ++i) {
            EXPECT_TRUE(push(in, numbered(i), {.delay = delay}));
            if (!push(in, std::string(3800, 'd'))) {
                EXPECT_EQ(in->wait_for_room(3800, {}, {}), wait_outcome::woken);
                EXPECT_TRUE(push(in, std::string(3800, 'd')));
            }
            finish_one(in);
        }
        return more_than_pages;
    }
};

TEST_F(DurableQueueMoves, WhatIsMovedIsThereOnceAfterAStopOfTheMachine) {
    shape_ = {
        .bytes = 1 << 16, .message_bytes_max = 4000, .seats = 4, .least = durability::host_crash};
    const int count = fill(open_durable(), 1h);
    restart();
    std::set<std::string> there;
    for (const auto& one : open_durable()->peek(1000)) {
        const std::string text{reinterpret_cast<const char*>(one.payload.data()), 8};
        EXPECT_TRUE(text[0] == 'd' || there.insert(text).second) << text;
    }
    EXPECT_EQ(there.size(), static_cast<std::size_t>(count));
}

TEST_F(DurableQueueMoves, WhatIsMovedAndDoneStaysAwayAfterAStopOfTheMachine) {
    shape_ = {
        .bytes = 1 << 16, .message_bytes_max = 4000, .seats = 4, .least = durability::host_crash};
    {
        const queue_ptr here = open_durable();
        pop_until(here, static_cast<std::size_t>(fill(here, 500ms)));
    }
    restart();
    EXPECT_TRUE(open_durable()->peek(1000).empty());
}

}  // namespace
}  // namespace signet::pattern
