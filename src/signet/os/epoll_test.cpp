// SPDX-License-Identifier: Apache-2.0
#include <signet/os/epoll.hpp>

#include <signet/os/event.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/unix_socket.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>
#include <utility>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;

constexpr deadline now{};

TEST(Epoll, AnEmptySetIsReadyForNothing) {
    std::array<ready, 4> storage;
    EXPECT_TRUE(epoll{}.wait(storage, now).empty());
    EXPECT_TRUE(epoll{}.wait(storage, after(1ms)).empty());
}

TEST(Epoll, AMemberIsReportedUnderItsTag) {
    event bell;
    epoll set;
    set.add(bell.fd(), interest::readable, 42);
    bell.signal();
    std::array<ready, 4> storage;
    const auto found = set.wait(storage, never);
    ASSERT_EQ(found.size(), 1);
    EXPECT_EQ(found[0].tag, 42);
    EXPECT_TRUE(found[0].readable);
    EXPECT_FALSE(found[0].writable);
    EXPECT_FALSE(found[0].hang_up);
}

TEST(Epoll, AWaitEndsWhenAnotherThreadSignals) {
    event bell;
    epoll set;
    set.add(bell.fd(), interest::readable, 1);
    std::thread ringer{[&] { bell.signal(); }};
    std::array<ready, 4> storage;
    EXPECT_EQ(set.wait(storage, never).size(), 1);
    ringer.join();
}

TEST(Epoll, RoomToWriteIsReportedToWhoAsks) {
    const event bell;
    epoll set;
    set.add(bell.fd(), interest::readable | interest::writable, 1);
    std::array<ready, 4> storage;
    EXPECT_TRUE(set.wait(storage, never)[0].writable);
}

TEST(Epoll, TheEndOfTheOtherSideIsReportedToWhoAsksForNothing) {
    auto [here, there] = seqpacket_socket::pair();
    epoll set;
    set.add(here.fd(), interest::hang_up, 1);
    std::array<ready, 4> storage;
    EXPECT_TRUE(set.wait(storage, now).empty());
    there.shutdown();
    const auto found = set.wait(storage, never);
    ASSERT_EQ(found.size(), 1);
    EXPECT_TRUE(found[0].hang_up);
    EXPECT_FALSE(found[0].readable);
}

TEST(Epoll, AnEdgeIsToldOnceAndAgainWhenRearmed) {
    event bell;
    epoll set;
    set.add(bell.fd(), interest::readable | interest::edge_triggered, 1);
    bell.signal();
    std::array<ready, 4> storage;
    EXPECT_EQ(set.wait(storage, now).size(), 1);
    EXPECT_EQ(set.wait(storage, now).size(), 0);
    set.modify(bell.fd(), interest::readable | interest::edge_triggered, 2);
    EXPECT_EQ(set.wait(storage, now).size(), 1);
}

TEST(Epoll, ARemovedMemberIsNotReported) {
    event bell;
    epoll set;
    set.add(bell.fd(), interest::readable, 1);
    bell.signal();
    set.remove(bell.fd());
    std::array<ready, 4> storage;
    EXPECT_TRUE(set.wait(storage, now).empty());
}

TEST(Epoll, NoMoreIsReportedThanThereIsRoomFor) {
    const event a;
    const event b;
    epoll set;
    set.add(a.fd(), interest::writable, 1);
    set.add(b.fd(), interest::writable, 2);
    std::array<ready, 1> storage;
    EXPECT_EQ(set.wait(storage, now).size(), 1);
}

TEST(Epoll, ASetIsReadableWhileAMemberIsReady) {
    event bell;
    epoll set;
    set.add(bell.fd(), interest::readable, 1);
    EXPECT_FALSE(wait_readable(set.fd(), now));
    bell.signal();
    EXPECT_TRUE(wait_readable(set.fd(), now));
}

TEST(Epoll, AnInterruptedWaitGoesOn) {
    epoll set;
    scripted_kernel script;
    script.interrupt(SYS_epoll_pwait2, 2);
    std::array<ready, 1> storage;
    EXPECT_TRUE(set.wait(storage, after(1ms)).empty());
    EXPECT_EQ(script.calls(SYS_epoll_pwait2), 3);
}

TEST(Epoll, AWaitWithoutRoomIsAnError) {
    EXPECT_EQ(complaint_of([] { epoll{}.wait({}, now); }),
              "cannot wait for descriptors: Invalid argument");
}

TEST(Epoll, AMemberCannotBeAddedTwice) {
    const event bell;
    epoll set;
    set.add(bell.fd(), interest::readable, 1);
    EXPECT_EQ(complaint_of([&] { set.add(bell.fd(), interest::readable, 1); }),
              "cannot watch 'descriptor " + std::to_string(bell.fd()) + "': File exists");
}

TEST(Epoll, WhatIsNotAMemberCannotBeChangedOrRemoved) {
    const event bell;
    const std::string subject = "'descriptor " + std::to_string(bell.fd()) + "': No such file";
    epoll set;
    EXPECT_EQ(complaint_of([&] { set.remove(bell.fd()); }).find("cannot stop watching " + subject),
              0);
    EXPECT_EQ(complaint_of([&] {
                  set.modify(bell.fd(), interest::readable, 1);
              }).find("cannot change the watch of " + subject),
              0);
}

TEST(Epoll, AtTheLimitOfWatchesTheTextSaysWhatToRaise) {
    epoll set;
    scripted_kernel script;
    script.fail(SYS_epoll_ctl, ENOSPC);
    EXPECT_EQ(complaint_of([&] { set.add(0, interest::readable, 1); }),
              "cannot watch 'descriptor 0': No space left on device; "
              "raise fs.epoll.max_user_watches");
}

TEST(Epoll, EachCallThatFailsIsAnError) {
    const event bell;
    const auto use = [&] {
        epoll set;
        set.add(bell.fd(), interest::readable, 1);
        std::array<ready, 1> storage;
        set.wait(storage, now);
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

TEST(Epoll, ItTellsWhatAnotherProcessDoesAndThatItEnds) {
    auto [ours, theirs] = seqpacket_socket::pair();
    epoll set;
    set.add(ours.fd(), interest::readable, 1);
    const auto speaks_and_dies = [&theirs = theirs] {
        theirs.try_send(std::array{std::byte{1}});
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(testing::exit_code_of_forked(speaks_and_dies), 128 + SIGKILL);
    {
        const seqpacket_socket gone{std::move(theirs)};
    }
    std::array<ready, 2> storage;
    const auto found = set.wait(storage, never);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].readable && found[0].hang_up);
}

TEST(Epoll, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(epoll{}.fd(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace signet::os
