// SPDX-License-Identifier: Apache-2.0
#include <signet/os/posix_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

namespace signet::os {
namespace {

using testing::bytes_of;
using testing::forked_peer;

constexpr posix_queue_geometry small{.messages_max = 2, .message_bytes_max = 16};

class PlaceOfAQueue : public ::testing::Test {
protected:
    posix_queue make() const { return posix_queue::create_unnamed(passing_, small); }

    const std::string passing_ = "/signet-test-passing-" + std::to_string(getpid());
    std::array<std::byte, 16> buffer_;
};

TEST_F(PlaceOfAQueue, HasNoNameWhenItIsMade) {
    const posix_queue queue = make();
    EXPECT_FALSE(queue.bears_name());
    EXPECT_FALSE(posix_queue::remove(passing_));
}

TEST_F(PlaceOfAQueue, ALeftNameIsTakenOver) {
    posix_queue::create(passing_, small).keep_name();
    const posix_queue queue = make();
    EXPECT_FALSE(posix_queue::remove(passing_));
}

TEST_F(PlaceOfAQueue, IsWhereAnotherProcessFindsIt) {
    posix_queue queue = make();
    forked_peer child{[at = queue.place()] {
        auto found = posix_queue::open_at(at);
        return found && found->try_send(bytes_of("found"), 3) ? 0 : 1;
    }};
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_EQ(queue.try_receive(buffer_), (posix_message{5, 3}));
}

TEST_F(PlaceOfAQueue, IsNotWhereAnythingElseIs) {
    const posix_queue queue = make();
    const auto at = queue.place();
    const pipe_ends pipe = pipe_ends::create();
    EXPECT_FALSE(posix_queue::open_at({at.pid, at.descriptor, at.inode + 1}));
    EXPECT_FALSE(posix_queue::open_at({at.pid, 9999, at.inode}));
    EXPECT_FALSE(posix_queue::open_at({1 << 30, at.descriptor, at.inode}));
    struct stat state{};
    fstat(pipe.reader.fd(), &state);
    EXPECT_FALSE(posix_queue::open_at({at.pid, pipe.reader.fd(), state.st_ino}));
}

TEST_F(PlaceOfAQueue, IsOwnedUntilItsOwnerDies) {
    const posix_queue queue = make();
    pipe_ends ready = pipe_ends::create();
    forked_peer owner{[&] {
        auto mine = posix_queue::open_at(queue.place());
        const bool owned = mine && mine->try_own();
        ready.writer.write_some(bytes_of(owned ? "y" : "n"), never);
        return testing::wait_to_be_killed(), 0;
    }};
    ready.reader.read_some(std::span{buffer_}.first(1), never);
    EXPECT_EQ(std::to_integer<char>(buffer_[0]), 'y');
    EXPECT_TRUE(queue.is_owned());
    owner.kill();
    EXPECT_FALSE(queue.is_owned());
}

TEST_F(PlaceOfAQueue, IsOwnedByOneAtATime) {
    posix_queue queue = make();
    auto other = posix_queue::open_at(queue.place());
    EXPECT_TRUE(queue.try_own());
    EXPECT_FALSE(queue.is_owned());
    EXPECT_FALSE(other->try_own());
    queue.disown();
    EXPECT_TRUE(other->try_own());
}

TEST_F(PlaceOfAQueue, KnowsItsMaker) {
    EXPECT_EQ(make().maker(), (std::pair{geteuid(), getegid()}));
}

TEST_F(PlaceOfAQueue, SaysWhoOwnsIt) {
    posix_queue queue = make();
    auto other = posix_queue::open_at(queue.place());
    EXPECT_EQ(other->owner(), std::nullopt);
    queue.try_own();
    EXPECT_EQ(other->owner(), getpid());
    queue.disown();
    EXPECT_EQ(other->owner(), std::nullopt);
}

TEST_F(PlaceOfAQueue, ALockThatNamesNobodyIsNobodys) {
    const posix_queue queue = make();
    for (const long bytes : {0L, 1L, 1L << 40}) {
        auto other = posix_queue::open_at(queue.place());
        struct flock lock{};
        lock.l_type = F_WRLCK;
        lock.l_len = bytes;
        ASSERT_EQ(fcntl(other->fd(), F_OFD_SETLK, &lock), 0);
        EXPECT_TRUE(queue.is_owned());
        EXPECT_EQ(queue.owner(), std::nullopt);
    }
}

TEST_F(PlaceOfAQueue, ASendThatWaitsIsOneCallThatRoomEnds) {
    posix_queue queue = make();
    queue.wait_in_calls();
    auto other = posix_queue::open_at(queue.place());
    std::thread sender{[&] {
        for (unsigned i = 0; i < 4; ++i) queue.send(bytes_of("more"), i);
    }};
    for (int i = 0; i < 4; ++i) EXPECT_EQ(other->receive(buffer_, never)->bytes, 4u);
    sender.join();
    EXPECT_FALSE(queue.try_receive(buffer_));
}

TEST_F(PlaceOfAQueue, DrainingItEndsASendThatWaits) {
    posix_queue queue = make();
    queue.wait_in_calls();
    for (int i = 0; i < 2; ++i) queue.send(bytes_of("old"), 0);
    std::thread sender{[&] { queue.send(bytes_of("new"), 0); }};
    posix_queue::open_at(queue.place())->drain();
    sender.join();
    queue.drain();
    EXPECT_EQ(queue.size(), 0u);
}

TEST_F(PlaceOfAQueue, AWaitIsOneCallThatAMessageEnds) {
    posix_queue queue = make();
    queue.wait_in_calls();
    EXPECT_FALSE(queue.try_receive(buffer_));
    auto other = posix_queue::open_at(queue.place());
    std::thread sender{[&] { other->try_send(bytes_of("wake"), 1); }};
    EXPECT_EQ(queue.receive(buffer_), (posix_message{4, 1}));
    sender.join();
}

TEST_F(PlaceOfAQueue, EachCallThatFailsIsAnError) {
    const auto use = [this] {
        posix_queue queue = make();
        queue.wait_in_calls();
        queue.send(bytes_of("one"), 0);
        queue.drain();
        auto other = posix_queue::open_at(queue.place());
        queue.try_own();
        queue.is_owned();
        queue.owner();
        queue.maker();
        queue.bears_name();
        queue.disown();
    };
    testing::fail_each_call(EIO, use);
    posix_queue::remove(passing_);
}

}  // namespace
}  // namespace signet::os
