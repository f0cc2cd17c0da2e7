// SPDX-License-Identifier: Apache-2.0
#include <signet/os/name_lock.hpp>

#include <signet/base/error.hpp>
#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::forked_peer;
using testing::scripted_kernel;
using testing::temporary_directory;

class NameLockTest : public ::testing::Test {
protected:
    std::string complaint() {
        return complaint_of([&] { name_lock(place_, "name"); });
    }

    temporary_directory root_;
    directory place_ = directory::open(root_.path());
    std::string path_ = "'" + root_.path() + "/name.lock'";
};

TEST_F(NameLockTest, AnOwnedNameHasNoSecondOwner) {
    const name_lock owner{place_, "name"};
    EXPECT_EQ(complaint(), "cannot lock " + path_ +
                               ": Address already in use; a running process owns that name; end it "
                               "or choose another name");
    EXPECT_NO_THROW(name_lock(place_, "other"));
}

TEST_F(NameLockTest, ANameThatWasGivenUpIsFreeAndItsFileGone) {
    {
        const name_lock owner{place_, "name"};
    }
    EXPECT_TRUE(place_.list().empty());
    EXPECT_NO_THROW(name_lock(place_, "name"));
}

TEST_F(NameLockTest, WhetherANameIsHeldCanBeAsked) {
    EXPECT_FALSE(name_lock::is_held(place_, "name"));
    const auto owner = std::make_unique<name_lock>(place_, "name");
    EXPECT_TRUE(name_lock::is_held(place_, "name"));
    EXPECT_FALSE(name_lock::is_held(place_, "other"));
    EXPECT_EQ(place_.list(), std::vector<std::string>{"name.lock"});
}

TEST_F(NameLockTest, AKilledOwnerLeavesItsFileButNotItsLock) {
    pipe_ends ready = pipe_ends::create();
    forked_peer owner{[&] {
        const name_lock lock{place_, "name"};
        ready.writer.write_all(testing::bytes_of("r"), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    testing::text_buffer buffer{1};
    ready.reader.read_all(buffer.bytes(), never);
    EXPECT_NE(complaint(), "no error");
    owner.kill();
    EXPECT_EQ(place_.list(), std::vector<std::string>{"name.lock"});
    EXPECT_NO_THROW(name_lock(place_, "name"));
}

TEST_F(NameLockTest, AFileThatItsOwnerRemovesMeanwhileIsMadeAgain) {
    scripted_kernel script;
    script.fail(SYS_newfstatat, ENOENT);
    EXPECT_NO_THROW(name_lock(place_, "name"));
    EXPECT_EQ(script.calls(SYS_flock), 2);
}

TEST_F(NameLockTest, AFileThatIsReplacedAllTheTimeIsGivenUp) {
    scripted_kernel script;
    for (int nth = 1; nth <= 100; ++nth) script.fail(SYS_newfstatat, ENOENT, nth);
    EXPECT_EQ(complaint(), "cannot lock " + path_ +
                               ": Device or resource busy; others make and remove it all the time");
}

TEST_F(NameLockTest, AnotherUsersFileSaysWhatToCheck) {
    const name_lock owner{place_, "name"};
    chmod(root_.path().c_str(), 0777);
    const auto without_rights = [&] {
        syscall(SYS_setuid, 65534);
        return complaint().find("Permission denied; check its owner") == std::string::npos ? 1 : 0;
    };
    EXPECT_EQ(exit_code_of_forked(without_rights), 0);
}

TEST_F(NameLockTest, AMaskedModeDoesNotLockTheNextOwnerOut) {
    const mode_t before = umask(0777);
    const name_lock owner{place_, "name"};
    umask(before);
    struct stat file{};
    stat((root_.path() + "/name.lock").c_str(), &file);
    EXPECT_EQ(file.st_mode & 07777U, 0600U);
}

TEST_F(NameLockTest, EachCallThatFailsIsAnErrorOrOneOfCleaningUp) {
    const auto use = [&] { name_lock(place_, "name"); };
    EXPECT_EQ(fail_each_call(EMFILE, use), (std::vector<long>{SYS_close, SYS_unlinkat}));
}

}  // namespace
}  // namespace signet::os
