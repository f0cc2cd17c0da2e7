// SPDX-License-Identifier: Apache-2.0
// A barrier whose participants poll: it is met as one where they sleep, and they learn as much.
#include <signet/sync/barrier.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

namespace signet::sync {
namespace {

using life::wait_mode;

class PolledBarrier : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(PolledBarrier, IsMetByOneThatPollsAndOneThatSleeps) {
    constexpr std::uint32_t rounds = 1000;
    testing::forked_peer other{[&]() -> int {
        const region shop{"shop", where_};
        barrier at{shop, "meeting", 2, wait_mode::sleep};
        for (std::uint32_t i = 0; i < rounds; ++i) at.arrive_and_wait();
        return 0;
    }};
    const region shop{"shop", where_};
    barrier at{shop, "meeting", 2, wait_mode::poll};
    for (std::uint32_t i = 0; i < rounds; ++i) at.arrive_and_wait();
    EXPECT_EQ(at.round(), rounds);
    EXPECT_EQ(other.exit_code(), 0);
}

TEST_F(PolledBarrier, TellsOfADeath) {
    testing::forked_peer other{[&]() -> int {
        const region shop{"shop", where_};
        barrier at{shop, "meeting", 2};
        at.arrive_and_wait();
        testing::wait_to_be_killed();
    }};
    const region shop{"shop", where_};
    barrier at{shop, "meeting", 2, wait_mode::poll};
    at.arrive_and_wait();
    other.kill();
    EXPECT_THROW(at.arrive_and_wait(), error);
}

TEST_F(PolledBarrier, EndsItsWaitWithTheTimeAndWithAStop) {
    const region shop{"shop", where_};
    barrier at{shop, "meeting", 2, wait_mode::poll};
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(at.arrive_and_wait_for(std::chrono::milliseconds{1}));
    EXPECT_FALSE(at.arrive_and_wait(stop.get_token()));
}

TEST_F(PolledBarrier, OfOneIsTheSameForAll) {
    const region shop{"shop", where_};
    const barrier at{shop, "alone", 1};
    EXPECT_THROW((barrier{shop, "alone", 1}), error);  // its place is taken
}

}  // namespace
}  // namespace signet::sync
