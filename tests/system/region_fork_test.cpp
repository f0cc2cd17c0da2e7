// SPDX-License-Identifier: Apache-2.0
// A process that forks while its other threads are busy in a region: the child opens it anew, and
// waits for none of them.
#include <signet/structure.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace signet::tests {
namespace {

/// Allocates as a container would.
struct room {
    using allocator_type = region_allocator<int>;

    explicit room(const allocator_type& from) : allocator{from} {}
    void use() { allocator.deallocate(allocator.allocate(1), 1); }

    allocator_type allocator;
};

TEST(RegionFork, AChildAllocatesWhateverItsParentsThreadsWereAt) {
    const testing::temporary_directory place;
    const region_options where{.directory = place.path()};
    const region shop{"shop", where};
    const structure<room> ours{shop, "ours"};
    std::atomic<bool> enough{false};
    std::thread busy{[&] {
        while (!enough) ours->use();
    }};
    for (int i = 0; i < 50; ++i) {
        const int code = testing::exit_code_of_forked([&] {
            const region anew{"shop", where};
            structure<room>{anew, "theirs"} -> use();
            return 0;
        });
        EXPECT_EQ(code, 0);
    }
    enough = true;
    busy.join();
}

TEST(RegionFork, AChildMayMapItWhereItsParentDid) {
    const testing::temporary_directory place;
    const region_options where{.directory = place.path()};
    const region shop{"shop", where};
    const int code = testing::exit_code_of_forked([&] {
        const region again{"shop", where};
        structure<room>{again, "theirs"} -> use();
        return again.core()->words().begin() == shop.core()->words().begin() ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signet::tests
