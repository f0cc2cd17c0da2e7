// SPDX-License-Identifier: Apache-2.0
#include <signet/os/life_pipe.hpp>

#include <signet/base/error.hpp>
#include <signet/os/epoll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;
using testing::forked_peer;

class LifePipeTest : public ::testing::Test {
protected:
    bool lives() const { return life_watch::open(place_, "name").has_value(); }

    testing::temporary_directory root_;
    directory place_ = directory::open(root_.path());
};

TEST_F(LifePipeTest, TellsThatItsMakerLivesAndHasEnded) {
    {
        const life_pipe life{place_, "name"};
        EXPECT_TRUE(lives());
    }
    EXPECT_FALSE(lives());
    EXPECT_EQ(place_.list(), std::vector<std::string>{"name"});
}

TEST_F(LifePipeTest, KnowsOfNobodyWhereThereIsNoName) {
    EXPECT_FALSE(lives());
}

TEST_F(LifePipeTest, TellsItUnderANewNameToo) {
    const life_pipe life{place_, ".name"};
    place_.rename(".name", "name");
    EXPECT_TRUE(lives());
}

TEST_F(LifePipeTest, WakesWhoWatchesWhenItsMakerIsKilled) {
    forked_peer maker{[&] {
        const life_pipe life{place_, "name"};
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(maker.await());
    const auto watch = life_watch::open(place_, "name");
    epoll set;
    set.add(watch->fd(), interest::hang_up, 7);
    std::array<ready, 1> storage;
    EXPECT_TRUE(set.wait(storage, deadline::min()).empty());
    maker.kill();
    EXPECT_EQ(set.wait(storage, never).size(), 1u);
    EXPECT_TRUE(storage[0].hang_up);
    EXPECT_FALSE(lives());
}

TEST_F(LifePipeTest, SaysThatANameIsTaken) {
    const life_pipe life{place_, "name"};
    EXPECT_EQ(complaint_of([&] { life_pipe(place_, "name"); }),
              "cannot create named pipe '" + root_.path() + "/name': File exists");
}

TEST_F(LifePipeTest, IsForItsUserAloneWhateverTheMask) {
    const mode_t before = umask(0777);
    const life_pipe life{place_, "name"};
    umask(before);
    struct stat file{};
    stat((root_.path() + "/name").c_str(), &file);
    EXPECT_EQ(file.st_mode & 07777U, 0600U);
}

TEST_F(LifePipeTest, EachCallThatFailsIsAnErrorAndLeavesNoName) {
    const auto use = [&] {
        place_.remove("name");
        const life_pipe life{place_, "name"};
        EXPECT_TRUE(lives());
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
