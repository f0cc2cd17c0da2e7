// SPDX-License-Identifier: Apache-2.0
// A process is killed before each step of opening, making and leaving a region, and of what it
// makes in one: objects of the directory, memory of the heap, structures, objects of plain data.
#include "region_survivors.hpp"

#include <signet/memory/access.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <array>
#include <mutex>
#include <optional>

namespace signet::tests {
namespace {

// ---- the region itself --------------------------------------------------------------------------

struct lock_world {
    region in{swept_region, small_region};
    mutex lock{in, "lock"};

    void inherit() {
        lock.lock_inherited();
        lock.mark_consistent();
        lock.unlock();
    }
    void check() { inherit(); }
};

TEST(KillPointsOfRegion, WhileItIsOpened) {
    region_sweep<lock_world> swept;
    swept.run(
        {[](int k) {
            die_before_step_of_any(k);
            const region in{swept_region, small_region};
            _exit(0);
        }},
        {"openat", "mmap signet-region", "lock of a byte", "store seat.description",
         "set_robust_list", "exchange seat.word [free]", "exchange joined", "futex_wake joined"});
}

TEST(KillPointsOfRegion, WhileItIsLeftByTheHolderOfALock) {
    region_sweep<lock_world> swept;
    swept.run({.victim =
                   [](int k) {
                       std::optional<lock_world> here{std::in_place};
                       here->lock.lock();
                       await_go();
                       shared_last_words().ready = false;  // a seat that owns nothing may be left
                       die_before_step_of_any(k);          // to the next who looks for one
                       here.reset();
                       _exit(0);
                   },
               .when_ready =
                   [&] {
                       swept.rest().fall_asleep([](lock_world& here) { here.inherit(); });
                       swept.rest().fall_asleep([](lock_world& here) { here.inherit(); });
                   }},
              {"set_robust_list", "exchange seat.word [active]", "exchange seat.word [dead]",
               "munmap", "close"});
}

/// Has another region open; the swept one is made by the victim.
struct empty_world {
    region in{"beside", small_region};

    void check() const {
        const region fresh{swept_region, small_region};
        const mutex lock{fresh, "lock"};
        expect_all_seats(fresh);
        expect_all_accounted(fresh);
    }
};

TEST(KillPointsOfRegion, WhileItIsCreated) {
    region_sweep<empty_world> swept;
    swept.run({[](int k) {
                  die_before_step_of_any(k);
                  const region in{swept_region, small_region};
                  _exit(0);
              }},
              {"fallocate", "linkat", "store region header", "store heap.list", "lock of a byte"});
}

// ---- its directory ------------------------------------------------------------------------------

struct directory_world {
    region in{swept_region, small_region};
    std::string long_name = std::string(200, 'x');

    void make() {
        const mutex one{in, "one"};
        const semaphore other{in, long_name, 3};
    }
    void check() {
        make();
        EXPECT_EQ(in.core()->objects().size(), 2u);
        EXPECT_EQ(semaphore(in, long_name, 3).permits(), 3u);
    }
};

TEST(KillPointsOfRegion, WhileObjectsAreMade) {
    region_sweep<directory_world> swept;
    swept.run(
        {killed_in<directory_world>([](directory_world& here) { here.make(); })},
        {"exchange keeper [free]", "store redo entry", "store redo_count [0]", "store directory",
         "store heap.list", "store redo_count [counts]", "exchange keeper [ours]"});
}

TEST(KillPointsOfRegion, WhileObjectsAreMadeAndOthersSleepForTheirTurn) {
    region_sweep<directory_world> swept;
    swept.run({.victim =
                   [](int k) {
                       directory_world here;
                       here.in.core()->transact([k](memory::transaction&) {
                           await_go();
                           die_before_step(k);
                       });
                       _exit(0);
                   },
               .when_ready =
                   [&] { swept.rest().fall_asleep([](directory_world& here) { here.make(); }); }},
              {"exchange keeper [ours, waiters]", "futex_wake keeper [free]"});
}

// ---- its heap -----------------------------------------------------------------------------------

struct shelf {
    std::array<offset_ptr<std::uint64_t>, 3> blocks;
};

struct shelf_world {
    region in{swept_region, small_region};
    structure<shelf> kept{in, "kept"};
    mutex lock{in, "lock"};

    region_allocator<std::uint64_t> memory() const {
        return region_allocator<std::uint64_t>{kept.allocates()};
    }
    void put(std::size_t i) { kept->blocks[i] = memory().allocate(8u << i); }
    void drop(std::size_t i) {
        const offset_ptr<std::uint64_t> block = kept->blocks[i];
        kept->blocks[i] = nullptr;
        memory().deallocate(block, 8u << i);
    }
    void fill() {
        for (std::size_t i = 0; i < kept->blocks.size(); ++i) put(i);
    }
    void fill_and_change() {
        const std::lock_guard mine{lock};
        fill();
        for (const std::size_t i : {1u, 0u, 2u}) drop(i);  // neighbours before and behind
        put(0);
        put(2);
    }
    void rebuild() {
        const std::lock_guard mine{lock};
        kept.rebuild();
    }
    std::uint64_t blocks() const {
        std::uint64_t count = 0;
        for (const auto& block : kept->blocks) count += block != nullptr;
        return count;
    }

    // A death with the lock is told; then nothing of what was allocated is looked at.
    void check() {
        if (lock.lock_inherited()) kept.rebuild();
        lock.mark_consistent();
        EXPECT_EQ(blocks_allocated_for(in, "kept"), blocks());
        kept.rebuild();
        fill();
        lock.unlock();
        EXPECT_EQ(blocks_allocated_for(in, "kept"), 3u);
    }
};

TEST(KillPointsOfHeap, WhileBlocksAreAllocatedAndReleased) {
    region_sweep<shelf_world> swept;
    swept.run({killed_in<shelf_world>([](shelf_world& here) { here.fill_and_change(); })},
              {"store redo entry", "store redo_count [0]", "store heap.list", "store heap.block",
               "store redo_count [counts]", "load heap.list", "load heap.block",
               "exchange keeper [ours]"});
}

TEST(KillPointsOfHeap, WhileAStructureIsMadeAnew) {
    region_sweep<shelf_world> swept;
    swept.run({killed_in<shelf_world>([](shelf_world& here) { here.fill(); },
                                      [](shelf_world& here) { here.rebuild(); })},
              {"store redo entry", "store heap.block", "exchange mutex.word [ours]"});
}

/// Allocates while it is built.
struct early {
    using allocator_type = region_allocator<std::uint64_t>;
    explicit early(allocator_type memory) : block{memory.allocate(4)} {}
    offset_ptr<std::uint64_t> block;
};

struct early_world {
    region in{swept_region, small_region};

    void make() const { const structure<early> one{in, "one"}; }
    void check() const {
        make();
        EXPECT_EQ(blocks_allocated_for(in, "one"), 1u);
    }
};

TEST(KillPointsOfHeap, WhileAStructureIsBuilt) {
    region_sweep<early_world> swept;
    swept.run({killed_in<early_world>([](early_world& here) { here.make(); })},
              {"exchange structure.flag [free]", "exchange structure.flag [ours]"});
}

// ---- objects of plain data ----------------------------------------------------------------------

template <std::size_t Words>
struct value {
    std::array<std::uint64_t, Words> words;

    void change() {
        ++words.front();
        memory::about_to(memory::access_kind::store, &words.back());  // one may die here
        ++words.back();
    }
    bool whole() const { return words.front() == words.back(); }
    void mend() { words.back() = words.front(); }
};

template <class Value>
struct value_world {
    region in{swept_region, {.bytes = 256 * 1024, .seats = 4, .objects = 8}};
    shared<Value> object{in, "object", {.initial = {}, .repair = [](Value& half) { half.mend(); }}};

    void change() {
        object.with([](Value& it) { it.change(); });
    }
    void look() { EXPECT_TRUE(object.read().whole()); }
    bool changed() { return object.read().words.front() != 0; }
    void await_change() {
        object.wait([](const Value& it) { return it.words.front() != 0; });
    }

    // What is changed already is seen without our help.
    void help() {
        if (!changed()) change();
    }
    void check() {
        look();
        change();
        EXPECT_TRUE(changed());
    }
};

using small_value = value<12>;    // changed on a copy
using large_value = value<9000>;  // changed in place

template <class Value>
class KillPointsOfShared : public ::testing::Test {
protected:
    region_sweep<value_world<Value>> swept_;
};
using both_values = ::testing::Types<small_value, large_value>;
TYPED_TEST_SUITE(KillPointsOfShared, both_values);

TYPED_TEST(KillPointsOfShared, WhileItIsChangedAndRead) {
    using world = value_world<TypeParam>;
    this->swept_.run({killed_in<world>([](world& here) {
                         here.change();
                         here.look();
                         here.change();
                     })},
                     {"exchange shared.lock [free]", "exchange shared.version [nobody waits]",
                      "exchange shared.lock [ours]"});
}

TYPED_TEST(KillPointsOfShared, WhileItIsChangedAndOthersSleepForThat) {
    using world = value_world<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run(
        {.victim = killed_in<world>([](world& here) { here.change(); }),
         .when_ready =
             [&] {
                 rest.fall_asleep([](world& here) { here.await_change(); });
                 rest.fall_asleep([](world& here) { here.await_change(); });
             }},
        {"exchange shared.version [waiters]", "futex_wake shared.version [nobody waits]"});
}

TYPED_TEST(KillPointsOfShared, WhileItSleepsForAChange) {
    using world = value_world<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run(
        {.victim = killed_in<world>([](world& here) { here.await_change(); }),
         .when_ready = [&] { rest.fall_asleep([](world& here) { here.await_change(); }); },
         .when_asleep = [&] { rest.here().change(); }},
        {"exchange shared.version [waiters]", "futex_wait shared.version [waiters]"});
}

}  // namespace
}  // namespace signet::tests
