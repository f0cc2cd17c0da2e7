// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/heap.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <vector>

namespace signet::memory {
namespace {

using testing::complaint_of;

/// Memory that begins at a page.
class pages {
public:
    explicit pages(std::uint64_t bytes) : bytes_{bytes}, begin_{allocate(bytes)} {
        std::memset(begin_.get(), 0, bytes);
    }
    std::byte* data() const noexcept { return begin_.get(); }
    std::uint64_t size() const noexcept { return bytes_; }

private:
    struct release {
        void operator()(std::byte* begin) const noexcept {
            ::operator delete(begin, std::align_val_t{page_bytes});
        }
    };
    static std::byte* allocate(std::uint64_t bytes) {
        return static_cast<std::byte*>(::operator new(bytes, std::align_val_t{page_bytes}));
    }

    std::uint64_t bytes_;
    std::unique_ptr<std::byte, release> begin_;
};

/// A region of one seat and one object, and its heap.
struct heap_place {
    explicit heap_place(std::uint64_t bytes)
        : memory{bytes},
          shape{bytes, 1, 1},
          words{memory.data(), bytes},
          blocks{words, shape.heap_offset()} {
        format_region(memory.data(), shape, 1);
        blocks.format();
    }

    std::uint64_t allocate(std::uint64_t bytes, std::uint64_t alignment = 16,
                           std::uint32_t arena = 0) const {
        transaction changes{words};
        const std::uint64_t offset = blocks.allocate(changes, bytes, alignment, arena);
        changes.commit();
        return offset;
    }
    void release(std::uint64_t offset) const {
        transaction changes{words};
        blocks.release(changes, offset);
        changes.commit();
    }

    pages memory;
    region_geometry shape;
    region_words words;
    heap blocks;
};

/// Random use of a heap, beside what it should be.
class random_user {
public:
    random_user(const heap_place& place, unsigned seed) : place_{&place}, random_{seed} {}

    void step() {
        if (blocks_.empty() || random_() % 5 < 3) {
            allocate();
        } else {
            const auto victim =
                std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(random_() % blocks_.size()));
            place_->release(victim->first);
            blocks_.erase(victim);
        }
    }

    void release_all() {
        for (const auto& [offset, bytes] : blocks_) place_->release(offset);
        blocks_.clear();
    }

    std::size_t blocks() const { return blocks_.size(); }

private:
    void allocate() {
        const std::uint64_t bytes = random_() % 8 == 0 ? random_() % 9000 : random_() % 200;
        const std::uint64_t alignment = std::uint64_t{1} << random_() % 13;
        const std::uint64_t offset = place_->allocate(bytes, alignment);
        if (offset == 0) return;
        EXPECT_EQ(offset % alignment, 0U);
        const auto next = blocks_.lower_bound(offset);
        EXPECT_TRUE(next == blocks_.end() || offset + bytes <= next->first);
        EXPECT_TRUE(next == blocks_.begin() || end_of(*std::prev(next)) <= offset);
        blocks_.emplace(offset, bytes);
    }
    static std::uint64_t end_of(const std::pair<const std::uint64_t, std::uint64_t>& block) {
        return block.first + block.second;
    }

    const heap_place* place_;
    std::minstd_rand random_;
    std::map<std::uint64_t, std::uint64_t> blocks_;
};

constexpr std::uint64_t heap_bytes = 1 << 18;

TEST(Heap, GivesOutDisjointAlignedBlocksAndKnowsWhereEveryByteIs) {
    const heap_place place{heap_bytes};
    random_user user{place, 1};
    for (int i = 0; i < 4000; ++i) {
        user.step();
        const heap_account account = place.blocks.account();
        ASSERT_EQ(account.total_bytes(), heap_bytes - place.shape.heap_offset());
        ASSERT_EQ(account.used_blocks, user.blocks());
    }
    user.release_all();
    EXPECT_EQ(place.blocks.account().free_blocks, 1U);
}

TEST(Heap, SaysHowLargeABlockIs) {
    const heap_place place{heap_bytes};
    EXPECT_GE(place.blocks.size_of(place.allocate(100)), 100U);
    EXPECT_LT(place.blocks.size_of(place.allocate(100)), 132U);
    EXPECT_NE(place.allocate(0), place.allocate(0));
}

TEST(Heap, HasNoBlockForTooMuch) {
    const heap_place place{heap_bytes};
    EXPECT_EQ(place.allocate(heap_bytes), 0U);
    EXPECT_EQ(place.allocate(UINT64_MAX), 0U);
    EXPECT_EQ(place.allocate(UINT64_MAX - 4096), 0U);
    while (place.allocate(1000) != 0) {
    }
    EXPECT_EQ(place.allocate(1000), 0U);
    EXPECT_EQ(place.blocks.account().total_bytes(), heap_bytes - place.shape.heap_offset());
}

TEST(Heap, OfTheSmallestRegionHasRoom) {
    const std::uint64_t least = region_geometry{0, 1, 1}.bytes_min();
    EXPECT_FALSE((region_geometry{least - page_bytes, 1, 1}.sound()));
    ASSERT_TRUE((region_geometry{least, 1, 1}.sound()));
    const heap_place place{least};
    EXPECT_NE(place.allocate(1000), 0U);
}

TEST(Heap, FindsTheBlocksOfAnArena) {
    const heap_place place{heap_bytes};
    const std::uint64_t first = place.allocate(10, 16, 7);
    place.allocate(10, 16, 8);
    const std::uint64_t second = place.allocate(10, 16, 7);
    EXPECT_EQ(place.blocks.next_of(7, 0), first);
    place.release(first);
    EXPECT_EQ(place.blocks.next_of(7, 0), second);
    place.release(second);
    EXPECT_EQ(place.blocks.next_of(7, 0), 0U);
}

TEST(Heap, TakesABlockBackOnce) {
    const heap_place place{heap_bytes};
    std::vector<std::uint64_t> blocks;
    for (int i = 0; i < 8; ++i) blocks.push_back(place.allocate(100));
    for (const std::size_t next : {3U, 1U, 2U, 7U, 5U, 6U, 0U, 4U}) {
        place.release(blocks[next]);
        for (std::size_t i = 0; i < 2; ++i) EXPECT_THROW(place.release(blocks[next]), error);
    }
    EXPECT_EQ(place.blocks.account().free_blocks, 1U);
}

TEST(Heap, TakesBackOnlyWhatItGave) {
    const heap_place place{heap_bytes};
    const std::uint64_t block = place.allocate(100);
    for (const std::uint64_t wrong : {std::uint64_t{0}, block + 1, block + 16, block - 16,
                                      heap_bytes, heap_bytes - 16, UINT64_MAX - 15}) {
        EXPECT_THROW(place.release(wrong), error) << wrong;
    }
    EXPECT_EQ(place.blocks.account().used_blocks, 1U);
}

#ifdef SIGNET_ACCESS_HOOK

/// The region as it is before each store: what a death there leaves.
std::vector<std::vector<std::byte>> deaths;
const heap_place* watched = nullptr;

void note_death(access_kind kind, const void*) {
    if (kind != access_kind::store) return;
    const std::byte* const begin = watched->memory.data();
    deaths.emplace_back(begin, begin + watched->memory.size());
}

/// What the next owner of the lock finds: the account of the heap after a replay.
heap_account after_replay(heap_place& survivor, const std::vector<std::byte>& left) {
    std::memcpy(survivor.memory.data(), left.data(), left.size());
    EXPECT_TRUE(replay(survivor.words));
    const std::vector<std::byte> once{survivor.memory.data(), survivor.memory.data() + left.size()};
    EXPECT_TRUE(replay(survivor.words));
    EXPECT_EQ(std::memcmp(once.data(), survivor.memory.data(), once.size()), 0);
    return survivor.blocks.account();
}

TEST(Heap, IsWholeAfterADeathAtAnyStore) {
    const heap_place place{1 << 16};
    heap_place survivor{1 << 16};
    random_user user{place, 2};
    watched = &place;
    for (int i = 0; i < 150; ++i) {
        const std::uint64_t before = place.blocks.account().used_blocks;
        deaths.clear();
        current_access_hook = &note_death;
        user.step();
        current_access_hook = nullptr;
        const std::uint64_t after = place.blocks.account().used_blocks;
        for (const auto& left : deaths) {
            const heap_account account = after_replay(survivor, left);
            EXPECT_EQ(account.total_bytes(), (1U << 16) - place.shape.heap_offset());
            EXPECT_TRUE(account.used_blocks == before || account.used_blocks == after);
        }
    }
}

#endif

TEST(Heap, ThatIsDamagedIsAnErrorOrWorks) {
    std::minstd_rand random{3};
    for (int i = 0; i < 3000; ++i) {
        const heap_place place{1 << 15};
        random_user user{place, 4};
        for (int j = 0; j < 20; ++j) user.step();
        const std::uint64_t from = place.shape.heap_offset();
        const std::uint64_t where = from + random() % ((1 << 15) - from);
        place.memory.data()[where] ^= static_cast<std::byte>(1 + random() % 255);
        complaint_of([&] { place.blocks.account(); });
        complaint_of([&] { place.allocate(random() % 500, 64); });
        complaint_of([&] { place.release(place.blocks.next_of(0, 0)); });
    }
}

}  // namespace
}  // namespace signet::memory
