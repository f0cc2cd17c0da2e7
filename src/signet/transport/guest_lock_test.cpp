// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/guest_lock.hpp>

#include <signet/base/error.hpp>
#include <signet/os/membarrier.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>

#include <sys/syscall.h>

#include <cerrno>
#include <mutex>
#include <thread>

namespace signet::transport {
namespace {

TEST(GuestLock, AGuestGoesWhereTheHostIsIn) {
    guest_lock lock;
    {
        const std::lock_guard host{lock};
        EXPECT_FALSE(guest_lock::visit{lock});
    }
    EXPECT_TRUE(guest_lock::visit{lock});
}

TEST(GuestLock, AGuestGoesWhereAnotherIsIn) {
    guest_lock lock;
    const guest_lock::visit first{lock};
    EXPECT_TRUE(first);
    EXPECT_FALSE(guest_lock::visit{lock});
}

TEST(GuestLock, AGuestWithoutABarrierDoesNotKeepTheHostOut) {
    if (!os::membarrier_supported()) GTEST_SKIP() << "this kernel has no barrier to fail";
    guest_lock lock;
    {
        testing::scripted_kernel script;
        script.fail(SYS_membarrier, EPERM);
        EXPECT_THROW(guest_lock::visit{lock}, error);
    }
    const std::lock_guard host{lock};
}

// A plain number, so that a sanitizer sees two who are in at once, as a lost count does.
TEST(GuestLock, NobodyIsInTogether) {
    guest_lock lock;
    std::uint64_t count = 0;
    std::uint64_t visits = 0;
    constexpr std::uint64_t turns = 20'000;
    std::jthread guests{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const guest_lock::visit visit{lock};
            if (!visit) continue;
            ++count;
            ++visits;
        }
    }};
    for (std::uint64_t i = 0; i < turns; ++i) {
        const std::lock_guard host{lock};
        ++count;
    }
    guests.request_stop();
    guests.join();
    EXPECT_EQ(count, turns + visits);
}

}  // namespace
}  // namespace signet::transport
