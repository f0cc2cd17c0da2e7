// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file_lock.hpp>

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class FileLockTest : public ::testing::Test {
protected:
    file again() { return file::open(path_); }

    /// Whether another process could take such a lock.
    template <class Lock>
    bool is_free(lock_kind kind = lock_kind::exclusive) {
        return exit_code_of_forked([&] {
                   const file own = file::open(path_);
                   return Lock::try_take(own, kind) ? 0 : 1;
               }) == 0;
    }

    /// A child that has taken the lock, and waits to be killed.
    template <class Lock>
    pid_t child_with_lock() {
        int told[2];
        if (pipe(told) != 0) return -1;
        const pid_t pid = fork();
        if (pid == 0) {
            const file own = file::open(path_);
            const Lock held = Lock::take(own, lock_kind::exclusive);
            if (write(told[1], "x", 1) == 1) pause();
            _exit(1);
        }
        char byte = 0;
        EXPECT_EQ(read(told[0], &byte, 1), 1);
        close(told[0]);
        close(told[1]);
        return pid;
    }

    testing::temporary_directory root_;
    std::string path_ = root_.path() + "/a";
    file file_ = file::create(path_);
};

template <class Lock>
class AnyLockTest : public FileLockTest {};

using Locks = ::testing::Types<file_lock, range_lock>;
TYPED_TEST_SUITE(AnyLockTest, Locks);

TYPED_TEST(AnyLockTest, AnExclusiveOneExcludesAllOtherProcesses) {
    const auto held = TypeParam::try_take(this->file_, lock_kind::exclusive);
    ASSERT_TRUE(held);
    EXPECT_FALSE(this->template is_free<TypeParam>());
    EXPECT_FALSE(this->template is_free<TypeParam>(lock_kind::shared));
}

TYPED_TEST(AnyLockTest, SharedOnesStandBesideEachOther) {
    const auto held = TypeParam::take(this->file_, lock_kind::shared);
    EXPECT_TRUE(this->template is_free<TypeParam>(lock_kind::shared));
    EXPECT_FALSE(this->template is_free<TypeParam>());
}

TYPED_TEST(AnyLockTest, ItsEndLetsItGo) {
    {
        const auto held = TypeParam::take(this->file_, lock_kind::exclusive);
    }
    EXPECT_TRUE(this->template is_free<TypeParam>());
}

TYPED_TEST(AnyLockTest, TwoOpenFilesOfOneProcessExcludeEachOther) {
    const file second = this->again();
    const auto held = TypeParam::take(this->file_, lock_kind::exclusive);
    EXPECT_FALSE(TypeParam::try_take(second, lock_kind::exclusive));
}

TYPED_TEST(AnyLockTest, ToCloseAnotherOpenFileDoesNotLoseIt) {
    const auto held = TypeParam::take(this->file_, lock_kind::exclusive);
    this->again();
    EXPECT_FALSE(this->template is_free<TypeParam>());
}

TYPED_TEST(AnyLockTest, ItIsPassedOnByMoving) {
    auto first = TypeParam::take(this->file_, lock_kind::exclusive);
    {
        auto second = std::move(first);
        EXPECT_FALSE(this->template is_free<TypeParam>());
        first = std::move(second);
    }
    EXPECT_FALSE(this->template is_free<TypeParam>());
}

TYPED_TEST(AnyLockTest, AForkedChildDoesNotLetItGo) {
    auto held = std::optional{TypeParam::take(this->file_, lock_kind::exclusive)};
    EXPECT_EQ(exit_code_of_forked([&] {
                  held.reset();
                  return 0;
              }),
              0);
    EXPECT_FALSE(this->template is_free<TypeParam>());
}

TYPED_TEST(AnyLockTest, AKilledHolderLetsItGo) {
    const pid_t pid = this->template child_with_lock<TypeParam>();
    EXPECT_FALSE(TypeParam::try_take(this->file_, lock_kind::exclusive));
    kill(pid, SIGKILL);
    const auto held = TypeParam::take(this->file_, lock_kind::exclusive);  // waits for that
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

TYPED_TEST(AnyLockTest, AKilledWaiterLeavesNothing) {
    auto held = std::optional{TypeParam::take(this->file_, lock_kind::exclusive)};
    const pid_t pid = fork();
    if (pid == 0) {
        const file own = file::open(this->path_);
        const auto never_had = TypeParam::take(own, lock_kind::exclusive);
        _exit(0);
    }
    kill(pid, SIGKILL);
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    held.reset();
    EXPECT_TRUE(this->template is_free<TypeParam>());
}

TYPED_TEST(AnyLockTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_flock, 2).interrupt(SYS_fcntl, 2);
    EXPECT_TRUE(TypeParam::try_take(this->file_, lock_kind::exclusive));
    script.interrupt(SYS_flock, 2).interrupt(SYS_fcntl, 2);
    TypeParam::take(this->file_, lock_kind::exclusive);
}

TYPED_TEST(AnyLockTest, EachCallThatFailsIsAnErrorOrTheKernelLetsGo) {
    const auto use = [&] {
        const file own = file::open(this->path_);
        {
            const auto first = TypeParam::take(own, lock_kind::shared);
        }
        const auto second = TypeParam::try_take(own, lock_kind::shared);
    };
    const auto survived = fail_each_call(EIO, use);
    EXPECT_EQ(survived.size(), 2U);  // close, and the call that lets go
}

TYPED_TEST(AnyLockTest, WithoutLocksTheTextSaysWhatToDo) {
    for (const int number : {ENOLCK, EOPNOTSUPP, EINVAL}) {
        scripted_kernel script;
        script.fail(SYS_flock, number).fail(SYS_fcntl, number);
        const std::string text =
            complaint_of([&] { TypeParam::take(this->file_, lock_kind::exclusive); });
        const std::string advice = number == ENOLCK ? "no lock left" : "has no such locks";
        EXPECT_TRUE(contains(text, "cannot lock '" + this->path_)) << text;
        EXPECT_TRUE(contains(text, advice)) << text;
    }
}

TEST_F(FileLockTest, TheTwoKindsDoNotSeeEachOther) {
    const auto whole = file_lock::take(file_, lock_kind::exclusive);
    EXPECT_TRUE(is_free<range_lock>());
}

TEST_F(FileLockTest, RangesThatDoNotOverlapDoNotExcludeEachOther) {
    const file second = again();
    const auto held = range_lock::take(file_, lock_kind::exclusive, {10, 10});
    EXPECT_TRUE(range_lock::try_take(second, lock_kind::exclusive, {0, 10}));
    EXPECT_TRUE(range_lock::try_take(second, lock_kind::exclusive, {20, 0}));
    EXPECT_FALSE(range_lock::try_take(second, lock_kind::exclusive, {0, 11}));
    EXPECT_FALSE(range_lock::try_take(second, lock_kind::exclusive, {19, 0}));
    EXPECT_EQ(held.range().position, 10U);
}

TEST_F(FileLockTest, ARangeThatIsLeftToItsFileLastsAsLongAsADescriptorOfIt) {
    descriptor last;
    {
        const file own = again();
        auto lock = range_lock::try_take(own, lock_kind::exclusive);
        last = own.handle().duplicate();
        lock->leave_to_file();
    }
    EXPECT_FALSE(is_free<range_lock>());
    last = {};
    EXPECT_TRUE(is_free<range_lock>());
}

TEST_F(FileLockTest, OneMayAskWithoutTaking) {
    const file second = again();
    EXPECT_TRUE(is_lockable(second, lock_kind::exclusive));
    const auto held = range_lock::take(file_, lock_kind::shared, {0, 1});
    EXPECT_FALSE(is_lockable(second, lock_kind::exclusive));
    EXPECT_TRUE(is_lockable(second, lock_kind::shared));
    EXPECT_TRUE(is_lockable(second, lock_kind::exclusive, {1, 0}));
}

TEST_F(FileLockTest, AnExclusiveRangeNeedsTheRightToWrite) {
    const file reader = file::open(path_, file_access::read_only);
    EXPECT_TRUE(range_lock::try_take(reader, lock_kind::shared));
    EXPECT_EQ(complaint_of([&] { range_lock::take(reader, lock_kind::exclusive); }),
              "cannot lock '" + path_ +
                  "': Bad file descriptor; an exclusive lock of a range needs a file that is open "
                  "for writing");
    EXPECT_TRUE(file_lock::try_take(reader, lock_kind::exclusive));
}

TEST_F(FileLockTest, ARangeBeyondWhatAFileCanBeBreaksTheContract) {
    EXPECT_THROW(range_lock::take(file_, lock_kind::shared, {~std::uint64_t{0}, 0}),
                 contract_violation);
    EXPECT_THROW(range_lock::take(file_, lock_kind::shared, {1, ~std::uint64_t{0} / 2}),
                 contract_violation);
}

}  // namespace
}  // namespace signet::os
