// SPDX-License-Identifier: Apache-2.0
// Both roles of a topic as threads over one mapping, for the thread sanitizer, which sees nothing
// across processes: the ring, the pool of chunks, the table of subscribers and the bells, put
// together as the engines do it.
#include "../actors/self_checking.hpp"

#include <signet/life/bell.hpp>
#include <signet/memory/broadcast_ring.hpp>
#include <signet/memory/chunk_pool.hpp>
#include <signet/os/membarrier.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/transport/shm/subscriber_table.hpp>

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <latch>
#include <thread>

namespace signet::tests {
namespace {

using memory::read_result;
using transport::delivery;

constexpr std::uint64_t messages_waited_for = 20'000;
constexpr std::uint64_t messages_overwritten = 200'000;
constexpr std::uint64_t depth = 8;
constexpr std::uint32_t held_max = 3;
constexpr memory::topic_geometry geometry{.depth = depth,
                                          .slot_bytes = 64,
                                          .payload_bytes_max = sizeof(large_message),
                                          .chunk_bytes = 1664,
                                          .chunk_count = depth + 2 + 4 * held_max};
static_assert(sizeof(large_message) <= 1664);

/// What a side does when there is nothing to do. Who polls makes few fences, which for the
/// sanitizer are points where everybody meets: so only then it sees whether the other orders
/// suffice.
enum class idle { sleeps, polls };

struct memory_of_topic {
    os::mapping segment = fresh(geometry.segment_bytes());
    os::mapping bells = fresh(memory::page_bytes);

    static os::mapping fresh(std::uint64_t bytes) {
        return os::mapping::read_write(os::create_memfd("threads", bytes), bytes);
    }
    memory::bell_page& bell_page() { return *reinterpret_cast<memory::bell_page*>(bells.data()); }
};

/// What the publishing thread has. Publishes so many messages more, and then waits for nobody.
class writing_side {
public:
    writing_side(memory_of_topic& shared, idle when_idle)
        : when_idle_{when_idle},
          ring_{shared.segment.data(), geometry},
          data_{shared.bell_page().data, nullptr, mode_, life::clearing::by_ringer},
          room_{shared.bell_page().room, mode_} {}

    /// Before the threads start: the page of one more subscriber.
    memory::subscriber_page& admit(delivery policy) {
        os::mapping page = memory_of_topic::fresh(sizeof(memory::subscriber_page));
        auto& words = *reinterpret_cast<memory::subscriber_page*>(page.data());
        table_.add({++endpoint_, nullptr, std::move(page), policy, held_max, 0});
        return words;
    }

    template <class Message>
    void publish_all(std::uint64_t messages) {
        for (const std::uint64_t end = ring_.next() + messages; ring_.next() < end;) {
            while (!make_room()) sleep();
            commit(Message{}, ring_.next());
            if (when_idle_ == idle::sleeps) data_.notify();
        }
    }

    /// Waits no more for those that block and are furthest behind.
    void evict_the_slowest() {
        using namespace std::chrono_literals;
        table_.blocking_floor(ring_.next());
        ring_.let_pass(true);
        os::membarrier_all_processes();
        table_.charge(0ns, 0ns);
    }

private:
    void commit(small_message message, std::uint64_t number) {
        fill(message, 1, number);
        ring_.publish_inline(&message, sizeof message);
    }

    /// Written word by word in place: the sanitizer does not see into a memcpy.
    void commit(const large_message&, std::uint64_t number) {
        auto chunk = pool_.take();
        if (!chunk) chunk = pool_.take_fresh();
        ASSERT_TRUE(chunk);
        fill(*reinterpret_cast<large_message*>(ring_.chunk(*chunk)), 1, number);
        pool_.note(ring_.next(), *chunk);
        ring_.publish_chunk(*chunk, sizeof(large_message));
    }

    bool make_room() {
        if (ring_.has_room()) return true;
        const std::uint64_t end = ring_.next() + geometry.batch();
        const std::uint64_t floor = table_.blocking_floor(ring_.next());
        const std::uint64_t wanted = std::min(floor, end > depth ? end - depth : 0);
        const std::uint64_t before = ring_.frontier();
        if (wanted > before) ring_.advance_frontier(wanted);
        pool_.retire(before, std::max(before, wanted), table_.held());
        ring_.open_room();
        return ring_.has_room();
    }

    void sleep() {
        if (when_idle_ == idle::polls) return std::this_thread::yield();
        const os::futex_waiter waiter = room_.arm();
        if (!make_room()) os::futex_wait(*waiter.word, waiter.expected, after(testing::watchdog));
        room_.disarm();
    }

    idle when_idle_;
    life::fence_mode mode_ = life::fencing_of_this_process();
    memory::ring_writer ring_;
    memory::chunk_pool pool_{geometry};
    transport::shm::subscriber_table table_;
    life::bell_ringer data_;
    life::bell_sleeper room_;
    std::uint64_t endpoint_ = 0;
};

/// What a subscribing thread has. Reads until the last message was read or lost.
class reading_side {
public:
    reading_side(memory_of_topic& shared, writing_side& from, delivery policy, idle when_idle)
        : when_idle_{when_idle},
          reader_{shared.segment.data(),
                  geometry,
                  from.admit(policy),
                  0,
                  held_max,
                  policy == delivery::block ? memory::reporting::each_message
                                            : memory::reporting::in_batches,
                  policy == delivery::block ? memory::guarding::by_cursor
                                            : memory::guarding::by_hazard},
          data_{shared.bell_page().data, mode_},
          room_{shared.bell_page().room, nullptr, mode_, life::clearing::by_sleeper} {}

    template <class Message>
    void read_all(std::uint64_t messages) {
        while (reader_.position() < messages) {
            if (!look<Message>()) rest<Message>();
        }
        while (!held_.empty()) release<Message>();
    }

    std::uint64_t lost() const noexcept { return reader_.lost(); }
    std::uint64_t received() const noexcept { return reader_.received(); }
    bool all_whole() const noexcept { return whole_; }

private:
    template <class Message>
    void rest() {
        if (when_idle_ == idle::polls) return std::this_thread::yield();
        const os::futex_waiter waiter = data_.arm();
        if (look<Message>()) return;
        os::futex_wait(*waiter.word, waiter.expected, after(testing::watchdog));
    }

    /// Whether there was something, if only news of a loss.
    template <class Message>
    bool look() {
        memory::message_view view{};
        const read_result result = reader_.try_open(view, buffer_.data());
        if (result == read_result::message) take<Message>(view);
        if (result == read_result::passed) reader_.skip_passed();
        whole_ = whole_ && result != read_result::broken;
        if (reader_.report() && when_idle_ == idle::sleeps) room_.notify();
        return result != read_result::empty;
    }

    /// One that lies in place is held for a while, and must not change meanwhile.
    template <class Message>
    void take(const memory::message_view& view) {
        held_.push_back(view);
        if (view.in_place == nullptr || held_.size() == held_max) release<Message>();
    }

    template <class Message>
    void release() {
        const memory::message_view view = held_.front();
        held_.pop_front();
        const std::byte* const from = view.in_place != nullptr ? view.in_place : buffer_.data();
        const Message& message = *reinterpret_cast<const Message*>(from);
        whole_ = whole_ && message.number == view.number && whole(message);
        if (view.in_place != nullptr) reader_.release(view.hold);
    }

    idle when_idle_;
    life::fence_mode mode_ = life::fencing_of_this_process();
    memory::ring_reader reader_;
    life::bell_sleeper data_;
    life::bell_ringer room_;
    alignas(8) std::array<std::byte, memory::slot_bytes_max> buffer_{};
    std::deque<memory::message_view> held_;
    bool whole_ = true;
};

template <class Message>
void expect_whole(delivery first, delivery second, std::uint64_t messages,
                  idle when_idle = idle::sleeps) {
    memory_of_topic shared;
    writing_side out{shared, when_idle};
    reading_side one{shared, out, first, when_idle};
    reading_side other{shared, out, second, when_idle};
    {
        std::latch all_there{3};
        const auto read = [&](reading_side& in) {
            all_there.arrive_and_wait();
            in.read_all<Message>(messages);
        };
        const std::jthread reading{[&] { read(one); }};
        const std::jthread reading_too{[&] { read(other); }};
        all_there.arrive_and_wait();
        out.publish_all<Message>(messages);
    }
    EXPECT_TRUE(one.all_whole() && other.all_whole());
    EXPECT_GT(one.received() + other.received(), 0u);
    EXPECT_TRUE(first != delivery::block || one.lost() == 0);
    EXPECT_TRUE(second != delivery::block || other.lost() == 0);
}

TEST(RingThreads, SmallMessagesThatAreOverwrittenComeWholeOrNotAtAll) {
    expect_whole<small_message>(delivery::drop_oldest, delivery::drop_oldest, messages_overwritten);
}

TEST(RingThreads, LargeMessagesThatAreHeldAreNotOverwritten) {
    expect_whole<large_message>(delivery::drop_oldest, delivery::drop_oldest, messages_overwritten);
}

TEST(RingThreads, WhoBlocksMissesNoSmallMessage) {
    expect_whole<small_message>(delivery::block, delivery::block, messages_waited_for);
}

TEST(RingThreads, WhoBlocksMissesNoLargeMessage) {
    expect_whole<large_message>(delivery::block, delivery::block, messages_waited_for);
}

TEST(RingThreads, WhoPollsSeesMessagesWholeToo) {
    expect_whole<large_message>(delivery::block, delivery::block, messages_waited_for, idle::polls);
    expect_whole<large_message>(delivery::drop_oldest, delivery::block, messages_waited_for,
                                idle::polls);
}

/// One that blocks is evicted when a part of the messages is published, and reads on.
void expect_whole_though_evicted(delivery other_policy) {
    constexpr std::uint64_t messages = 300;
    memory_of_topic shared;
    writing_side out{shared, idle::polls};
    reading_side one{shared, out, delivery::block, idle::polls};
    reading_side other{shared, out, other_policy, idle::polls};
    {
        const auto read = [&](reading_side& in) { in.read_all<large_message>(messages); };
        const std::jthread reading{[&] { read(one); }};
        const std::jthread reading_too{[&] { read(other); }};
        out.publish_all<large_message>(messages / 3);
        out.evict_the_slowest();
        out.publish_all<large_message>(messages - messages / 3);
    }
    EXPECT_TRUE(one.all_whole() && other.all_whole());
}

TEST(RingThreads, WhatAnEvictedOneHoldsIsNotOverwritten) {
    for (int i = 0; i < 25 && !::testing::Test::HasFailure(); ++i) {
        expect_whole_though_evicted(delivery::block);
        expect_whole_though_evicted(delivery::drop_oldest);
    }
}

TEST(RingThreads, WhoBlocksHoldsBackForThoseWhoDoNot) {
    expect_whole<large_message>(delivery::block, delivery::drop_oldest, messages_waited_for);
}

}  // namespace
}  // namespace signet::tests
