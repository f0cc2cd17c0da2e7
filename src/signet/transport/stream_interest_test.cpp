// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_interest.hpp>

#include <signet/os/event.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace signet::transport {
namespace {

/// An event is readable when it was signalled, and always has room.
class StreamInterest : public ::testing::Test {
protected:
    static std::vector<std::uint64_t> told(os::epoll& set) {
        std::array<os::ready, 4> storage;
        std::vector<std::uint64_t> tags;
        for (const os::ready& one : set.wait(storage, deadline::min())) tags.push_back(one.tag);
        return tags;
    }

    os::event in_;
    os::event out_;
    os::epoll first_;
    os::epoll second_;
    stream_interest one_{in_.fd(), in_.fd()};
    stream_interest two_{in_.fd(), out_.fd()};
};

TEST_F(StreamInterest, OneToReadIsToldToEachSet) {
    one_.enter(first_, 1);
    one_.enter(second_, 2);
    EXPECT_TRUE(told(first_).empty());
    in_.signal();
    EXPECT_EQ(told(first_), std::vector<std::uint64_t>{1});
    EXPECT_EQ(told(second_), std::vector<std::uint64_t>{2});
}

TEST_F(StreamInterest, RoomIsToldWhereItIsWanted) {
    for (stream_interest* const each : {&one_, &two_}) {
        each->enter(first_, 1);
        each->want_room(true);
        EXPECT_EQ(told(first_), std::vector<std::uint64_t>{1});
        each->want_room(false);
        EXPECT_TRUE(told(first_).empty());
        each->leave(first_);
    }
}

TEST_F(StreamInterest, RoomThatWasWantedBeforeIsToldToo) {
    two_.want_room(true);
    two_.enter(first_, 1);
    EXPECT_EQ(told(first_), std::vector<std::uint64_t>{1});
}

TEST_F(StreamInterest, ASetThatWasLeftIsToldNothingAndMayGo) {
    {
        os::epoll third;
        two_.want_room(true);
        two_.enter(third, 3);
        two_.leave(third);
        in_.signal();
        EXPECT_TRUE(told(third).empty());
    }
    two_.want_room(false);
    two_.enter(first_, 1);
    EXPECT_EQ(told(first_), std::vector<std::uint64_t>{1});
}

}  // namespace
}  // namespace signet::transport
