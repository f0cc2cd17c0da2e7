// SPDX-License-Identifier: Apache-2.0
// A region in which one byte after the other is another than it should be, while it is opened and
// all that is in it is used: an error or proper work, and never a crash or a hang. Every byte that
// is in use, each with one other value; SIGNET_ROUNDS, divided by a thousand, says with how many.
#include "options.hpp"

#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/testing/in_region.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;

struct numbers {
    std::uint64_t one;
    std::uint64_t other;
};

/// Nothing here has to wait for anybody, so who still waits after this time would do so for ever.
/// The backstop of a waiter, 200 ms, comes before.
constexpr auto hang = 20s;

void expect_in_time(bool done, const char* what) {
    if (!done) ADD_FAILURE() << what << " waits for ever";
}

/// Uses everything once; what fails with an error does not keep the rest from being used.
void use_locks(const region& shop) {
    const mutex_options mends{.repair = [] {}};
    complaint_of([&] {
        mutex till{shop, "mutex", mends};
        expect_in_time(till.try_lock_for(hang), "mutex");
        till.unlock();
    });
    complaint_of([&] {
        mutex till{shop, "lending mutex", {.repair = [] {}, .priority = lock_priority::lent}};
        expect_in_time(till.try_lock_for(hang), "lending mutex");
        till.unlock();
    });
    complaint_of([&] {
        shared_mutex list{shop, "shared_mutex", mends};
        expect_in_time(list.try_lock_shared_for(hang), "shared_mutex, shared");
        list.unlock_shared();
        expect_in_time(list.try_lock_for(hang), "shared_mutex");
        list.unlock();
    });
    complaint_of([&] {
        mutex till{shop, "mutex", mends};
        condition_variable changed{shop, "condition"};
        std::unique_lock mine{till, hang};
        if (mine) changed.wait_for(mine, 10us, [] { return false; });
        changed.notify_all();
    });
}

void use_counts(const region& shop) {
    complaint_of([&] {
        semaphore items{shop, "semaphore", 1};
        expect_in_time(items.try_acquire_for(hang), "semaphore");
        items.release();
    });
    complaint_of([&] {
        permit_pool tables{shop, "permits", 2};
        expect_in_time(tables.try_acquire_for(hang), "permit pool");
        tables.release();
    });
    complaint_of([&] {
        event opened{shop, "event", event_reset::automatic};
        opened.set();
        expect_in_time(opened.wait_for(hang), "event");
    });
    complaint_of([&] { expect_in_time(event(shop, "gate").wait_for(hang), "event that is set"); });
    complaint_of(
        [&] { expect_in_time(barrier(shop, "barrier", 1).arrive_and_wait_for(hang), "barrier"); });
    complaint_of([&] {
        latch passed{shop, "passed", 1};
        passed.count_down();
        expect_in_time(passed.wait_for(hang), "latch");
    });
    complaint_of([&] {
        latch ready{shop, "latch", 2};
        ready.count_down();
        ready.wait_for(100us);
    });
    complaint_of([&] { once_flag(shop, "once").call([] {}); });
}

void use_objects(const region& shop) {
    complaint_of([&] {
        shared<numbers> object{shop, "shared"};
        object.with([](numbers& n) { ++n.one; });
        object.wait_for(10us, [](const numbers&) { return false; });
    });
    complaint_of([&] {
        structure<numbers> built{shop, "structure"};
        built.rebuild();
        const auto memory = region_allocator<numbers>{built.allocates()};
        auto mine = memory;
        mine.deallocate(mine.allocate(10), 10);
    });
    complaint_of([&] { shop.account(); });
}

void use(const region& shop) {
    use_locks(shop);
    use_counts(shop);
    use_objects(shop);
}

class HostileRegion : public testing::in_region {
protected:
    HostileRegion() {
        where_ = {.directory = place_.path(), .bytes = 32768, .seats = 3, .objects = 16};
    }

    /// The parts of the region that are ever written.
    std::vector<std::uint64_t> bytes_in_use(const std::vector<std::byte>& pristine) const {
        const memory::region_geometry shape{where_.bytes, where_.seats, where_.objects};
        std::vector<std::uint64_t> all;
        for (std::uint64_t at = 0; at < pristine.size(); ++at) {
            const bool table = at < sizeof(memory::region_header) ||
                               (at >= shape.seats_offset() && at < shape.seats_offset() + 192) ||
                               (at >= shape.heap_offset() + 4416 && at % 8192 < 2600);
            if (table || pristine[at] != std::byte{}) all.push_back(at);
        }
        return all;
    }
};

TEST_F(HostileRegion, IsAnErrorOrWorksWhicheverByteIsAnother) {
    const os::file file = [&] {
        const region shop = open();
        event(shop, "gate").set();
        use(shop);
        return os::file::open(place_.path() + "/regions/shop");
    }();
    std::vector<std::byte> pristine(where_.bytes);
    file.read_at(0, pristine);
    const int values = std::max(1, rounds_wanted() / 1'000'000);
    std::minstd_rand random{static_cast<unsigned>(seed_wanted(values))};
    for (const std::uint64_t at : bytes_in_use(pristine)) {
        for (int i = 0; i < values; ++i) {
            const std::byte other{static_cast<unsigned char>(1 + random() % 255)};
            const std::byte wrong = pristine[at] ^ other;
            file.write_at(at, std::span{&wrong, 1});
            complaint_of([&] { use(open()); });
            file.write_at(0, pristine);
        }
    }
    use(open());
}

TEST_F(HostileRegion, IsAnErrorOrWorksForWhoHasItOpenMeanwhile) {
    const region resident = open();
    event(resident, "gate").set();
    use(resident);
    const os::file file = os::file::open(place_.path() + "/regions/shop");
    std::vector<std::byte> pristine(where_.bytes);
    file.read_at(0, pristine);
    std::minstd_rand random{static_cast<unsigned>(seed_wanted())};
    for (const std::uint64_t at : bytes_in_use(pristine)) {
        const std::byte wrong{static_cast<unsigned char>(random() % 256)};
        file.write_at(at, std::span{&wrong, 1});
        use(resident);
        file.write_at(0, pristine);
    }
    use(resident);
}

}  // namespace
}  // namespace signet::tests
