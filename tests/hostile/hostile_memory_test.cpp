// SPDX-License-Identifier: Apache-2.0
// A peer that rewrites its shared words between any two loads of ours. Its memory lies between
// pages that nobody may touch; each attempt is given a budget of accesses.
#include <signet/memory/broadcast_ring.hpp>
#include <signet/os/memfd.hpp>
#include <signet/transport/shm/subscriber_table.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <random>

namespace signet::tests {
namespace {

using memory::read_result;

/// Memory that ends where nobody may read, on both sides.
class guarded_memory {
public:
    explicit guarded_memory(std::size_t bytes) : bytes_{bytes} {
        void* const all = mmap(nullptr, bytes + 2 * memory::page_bytes, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        begin_ = static_cast<std::byte*>(all) + memory::page_bytes;
        mprotect(begin_, bytes, PROT_READ | PROT_WRITE);
    }
    ~guarded_memory() { munmap(begin_ - memory::page_bytes, bytes_ + 2 * memory::page_bytes); }

    std::byte* begin() const { return begin_; }
    bool contains(const void* word) const { return word >= begin_ && word < begin_ + bytes_; }

private:
    std::size_t bytes_;
    std::byte* begin_;
};

/// Rewrites words of `victim` memory just before they are loaded. One at a time.
class liar {
public:
    liar(const std::byte* begin, std::size_t bytes, std::uint64_t seed)
        : begin_{begin}, end_{begin + bytes}, random_{seed} {
        current_ = this;
        memory::current_access_hook = &before_access;
    }
    ~liar() { memory::current_access_hook = nullptr; }

    std::uint64_t hint = 0;  ///< near which a lie is believable
    int accesses = 0;

private:
    static void before_access(memory::access_kind kind, const void* word) {
        ++current_->accesses;
        if (kind == memory::access_kind::load) current_->lie(word);
    }

    void lie(const void* word) {
        const auto* const place = static_cast<const std::byte*>(word);
        if (place < begin_ || place >= end_ || random_() % 4 == 0) return;
        const std::uint64_t value = invent();
        std::memcpy(const_cast<std::byte*>(place), &value, sizeof value);
    }

    std::uint64_t invent() {
        switch (random_() % 6) {
            case 0: return random_();
            case 1: return 0;
            case 2: return ~std::uint64_t{0} - random_() % 4;
            case 3: return memory::payload_shape::of_chunk(random_() % 2000, random_() % 20);
            case 4: return random_() % 300;
            default: return hint + random_() % 4 - 1;
        }
    }

    static inline liar* current_ = nullptr;
    const std::byte* begin_;
    const std::byte* end_;
    std::mt19937_64 random_;
};

constexpr int attempts = 300'000;
constexpr int budget = 600;  // accesses of one attempt; a slot has 30 words

constexpr memory::topic_geometry geometry{.depth = 8,
                                          .slot_bytes = 256,
                                          .payload_bytes_max = 1600,
                                          .chunk_bytes = 1600,
                                          .chunk_count = 12};

class LyingPublisher : public ::testing::Test {
protected:
    /// Whether all bytes of what was read in place may be read.
    void touch(const memory::message_view& view) {
        ASSERT_TRUE(segment_.contains(view.in_place));
        ASSERT_TRUE(segment_.contains(view.in_place + view.bytes - 1) || view.bytes == 0);
        for (std::size_t i = 0; i < view.bytes; ++i)
            sum_ += static_cast<unsigned>(view.in_place[i]);
    }

    guarded_memory segment_{geometry.segment_bytes()};
    memory::subscriber_page page_{};
    memory::ring_reader reader_{segment_.begin(), geometry, page_, 0, 4, memory::reporting{}};
    liar liar_{segment_.begin(), geometry.segment_bytes(), 1};
    unsigned sum_ = 0;
};

TEST_F(LyingPublisher, CannotMakeACopyLeaveTheSegment) {
    std::array<std::byte, 240> copy;
    int messages = 0;
    for (int i = 0; i < attempts; ++i) {
        liar_.hint = reader_.position() + 1;
        liar_.accesses = 0;
        memory::message_view view{};
        const read_result result = reader_.try_copy<copy.size()>(view, copy.data());
        if (result == read_result::passed) reader_.skip_passed();
        messages += result == read_result::message;
        ASSERT_LT(liar_.accesses, budget);
    }
    RecordProperty("messages", messages);
}

TEST_F(LyingPublisher, CannotMakeAnOpenedMessageLeaveTheSegment) {
    std::array<std::byte, 256> buffer;
    int in_place = 0;
    for (int i = 0; i < attempts; ++i) {
        liar_.hint = reader_.position() + 1;
        liar_.accesses = 0;
        memory::message_view view{};
        const read_result result = reader_.try_open(view, buffer.data());
        if (result == read_result::passed) reader_.skip_passed();
        ASSERT_LT(liar_.accesses, budget);
        if (result != read_result::message || view.in_place == nullptr) continue;
        ++in_place;
        touch(view);
        reader_.release(view.hold);
    }
    EXPECT_GT(in_place, 100);
}

TEST_F(LyingPublisher, CannotMakeAHeldMessageLeaveTheSegment) {
    int held = 0;
    for (int i = 0; i < attempts; ++i) {
        liar_.hint = i % 2 == 0 ? reader_.position() + 1
                                : memory::payload_shape::of_chunk(1600, std::uint64_t(i) % 16);
        memory::message_view view{};
        const read_result result = reader_.try_hold(view, 1600);
        ASSERT_NE(result, read_result::full);
        if (result == read_result::passed) reader_.skip_passed();
        if (result != read_result::message) continue;
        ++held;
        touch(view);
        reader_.release(view.hold);
    }
    RecordProperty("held", held);
}

TEST(LyingSubscriber, MovesTheFloorOnlyForwardAndHoldsOnlyItsGrant) {
    constexpr std::size_t bytes = sizeof(memory::subscriber_page);
    const auto file = os::create_memfd("liar", bytes);
    auto page = os::mapping::read_write(file, bytes);
    liar lies{page.data(), bytes, 2};
    transport::shm::subscriber_table table;
    table.add({1, nullptr, std::move(page), transport::delivery::block, 3, 0, false, {}});
    std::uint64_t floor = 0;
    for (std::uint64_t published = 0; published < 100'000; ++published) {
        lies.hint = published;
        const std::uint64_t now = table.blocking_floor(published);
        ASSERT_TRUE(now >= floor && now <= published);
        floor = now;
        ASSERT_LE(table.held().size(), 3u);
    }
}

}  // namespace
}  // namespace signet::tests
