// SPDX-License-Identifier: Apache-2.0
// A publisher that rewrites its segment between any two loads of a subscriber's. Each attempt is
// given a budget of accesses.
#include "liar.hpp"

#include <signet/memory/broadcast_ring.hpp>

#include <gtest/gtest.h>

#include <array>
#include <deque>

namespace signet::tests {
namespace {

using memory::read_result;

constexpr int budget = 600;  // accesses of one attempt; a slot has 30 words

constexpr memory::topic_geometry geometry{.depth = 8,
                                          .slot_bytes = 256,
                                          .payload_bytes_max = 1600,
                                          .chunk_bytes = 1600,
                                          .chunk_count = 12};

/// To a subscriber that guards what it reads in one way or the other.
class LyingPublisher : public ::testing::TestWithParam<memory::guarding> {
protected:
    /// Tries `read` again and again; after each, what must always hold is checked, and `taken` is
    /// told of a message.
    template <class Read, class Taken>
    void attempt(std::uint64_t likely_shape, Read read, Taken taken) {
        const int rounds = rounds_wanted();
        for (int i = 0; i < rounds && !HasFailure(); ++i) {
            const std::uint64_t before = reader_.position();
            liar_.begin_attempt(before + 1, likely_shape);
            const read_result result = read();
            ASSERT_LT(liar_.accesses(), budget);
            ASSERT_NE(result, read_result::full);
            if (result == read_result::message) {
                ASSERT_EQ(liar_.first_loaded(), before + 1) << "another message's stamp";
                ASSERT_EQ(reader_.position(), before + 1);
                taken();
            } else if (result == read_result::passed) {
                reader_.skip_passed();
                ASSERT_GE(reader_.position(), before) << "it went back";
            }
        }
    }

    /// Whether all bytes of what was read in place may be read.
    void touch(const memory::message_view& view) {
        ASSERT_LE(view.bytes, geometry.payload_bytes_max);
        ASSERT_TRUE(segment_.contains(view.in_place));
        ASSERT_TRUE(view.bytes == 0 || segment_.contains(view.in_place + view.bytes - 1));
        for (std::size_t i = 0; i < view.bytes; ++i)
            sum_ += static_cast<unsigned>(view.in_place[i]);
    }

    void touch_and_release() {
        if (view_.in_place == nullptr) return;
        ++in_place_;
        touch(view_);
        reader_.release(view_.hold);
    }

    guarded_memory segment_{geometry.segment_bytes()};
    memory::subscriber_page page_{};
    memory::ring_reader reader_{segment_.begin(),    geometry,  page_, 0, 4,
                                memory::reporting{}, GetParam()};
    liar liar_{segment_.begin(), geometry.segment_bytes(), seed_wanted()};
    memory::message_view view_{};
    unsigned sum_ = 0;
    int in_place_ = 0;
};

TEST_P(LyingPublisher, CannotMakeACopyLeaveTheSegment) {
    std::array<std::byte, 240> copy;
    int messages = 0;
    attempt(
        memory::payload_shape::of_inline(copy.size()),
        [&] { return reader_.try_copy<copy.size()>(view_, copy.data()); }, [&] { ++messages; });
    EXPECT_GT(messages, 10);
}

TEST_P(LyingPublisher, CannotMakeAnOpenedMessageLeaveTheSegment) {
    guarded_memory buffer{memory::page_bytes};
    std::byte* const last = buffer.begin() + memory::page_bytes - geometry.inline_bytes_max();
    attempt(
        memory::payload_shape::of_inline(geometry.inline_bytes_max()),
        [&] { return reader_.try_open(view_, last); }, [&] { touch_and_release(); });
    EXPECT_GT(in_place_, 10);
}

TEST_P(LyingPublisher, CannotMakeAHeldMessageLeaveTheSegment) {
    attempt(
        memory::payload_shape::of_chunk(1600, geometry.chunk_count - 1),
        [&] { return reader_.try_hold(view_, 1600); },
        [&] {
            ASSERT_EQ(view_.bytes, 1600u);
            touch_and_release();
        });
    EXPECT_GT(in_place_, 10);
}

/// Held messages, of which the oldest is released for the next.
class LyingPublisherOfHeld : public LyingPublisher {
protected:
    void keep() {
        held_.push_back(view_);
        if (held_.size() < 4) return;
        reader_.release(held_.front().hold);
        held_.pop_front();
    }

    /// Whether a correct publisher would know by the page that this one is read.
    bool named(const memory::message_view& one) const {
        const std::uint64_t hazard = page_.hazard[one.hold].load(std::memory_order_relaxed);
        const std::uint64_t cursor = page_.cursor.load(std::memory_order_relaxed);
        return hazard == one.number + 1 || (hazard == 0 && cursor == one.number);
    }

    std::deque<memory::message_view> held_;
};

TEST_P(LyingPublisherOfHeld, CannotMakeItsSubscriberForgetToNameThem) {
    int kept = 0;
    attempt(
        memory::payload_shape::of_chunk(1600, geometry.chunk_count - 1),
        [&] {
            std::array<std::byte, 240> small;
            const read_result result = reader_.try_open(view_, small.data());
            reader_.report();
            return result;
        },
        [&] {
            if (view_.in_place != nullptr) keep();
            reader_.report();
            for (const memory::message_view& one : held_) ASSERT_TRUE(named(one)) << one.number;
            kept += held_.size() == 3;
        });
    EXPECT_GT(kept, 10);
}

constexpr auto both = {memory::guarding::by_hazard, memory::guarding::by_cursor};
INSTANTIATE_TEST_SUITE_P(Guarded, LyingPublisher, ::testing::ValuesIn(both));
INSTANTIATE_TEST_SUITE_P(Guarded, LyingPublisherOfHeld, ::testing::ValuesIn(both));

}  // namespace
}  // namespace signet::tests
