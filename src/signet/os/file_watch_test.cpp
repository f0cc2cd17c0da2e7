// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file_watch.hpp>

#include <signet/testing/circumstances.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_as_nobody;
using testing::fail_each_call;
using testing::scripted_kernel;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class FileWatchTest : public ::testing::Test {
protected:
    void write_byte() { file_.write_at(0, std::vector<std::byte>(1)); }
    bool happened() { return watch_.wait(deadline::min()); }

    testing::temporary_directory root_;
    std::string path_ = root_.path() + "/a";
    file file_ = file::create(path_);
    file_watch watch_{file_};
};

TEST_F(FileWatchTest, NothingHasHappenedAtFirst) {
    EXPECT_FALSE(happened());
    EXPECT_FALSE(watch_.drain());
}

TEST_F(FileWatchTest, AWriteIsNoticedUntilItIsDrained) {
    write_byte();
    write_byte();
    EXPECT_TRUE(happened());
    EXPECT_TRUE(happened());
    EXPECT_TRUE(watch_.drain());
    EXPECT_FALSE(happened());
}

TEST_F(FileWatchTest, AWriteOfAnotherProcessEndsAWait) {
    const pid_t pid = fork();
    if (pid == 0) {
        write_byte();
        _exit(0);
    }
    EXPECT_TRUE(watch_.wait(after(testing::watchdog)));
    EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

TEST_F(FileWatchTest, ACutIsNoticed) {
    write_byte();
    watch_.drain();
    file_.resize(0);
    EXPECT_TRUE(happened());
}

TEST_F(FileWatchTest, ARemovalIsNoticedThoughTheFileIsStillOpen) {
    remove_file(path_);
    EXPECT_TRUE(happened());
}

TEST_F(FileWatchTest, AReplacementIsNoticed) {
    file::create(root_.path() + "/b");
    EXPECT_FALSE(happened());
    std::filesystem::rename(root_.path() + "/b", path_);
    EXPECT_TRUE(happened());
}

TEST_F(FileWatchTest, ARenameIsNoticed) {
    std::filesystem::rename(path_, root_.path() + "/b");
    EXPECT_TRUE(happened());
}

TEST_F(FileWatchTest, ReadingAndOtherFilesAreNotNoticed) {
    read_file(path_, 1);
    file::create(root_.path() + "/b");
    EXPECT_FALSE(happened());
}

TEST_F(FileWatchTest, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(watch_.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FileWatchTest, AtTheLimitOfInstancesTheTextNamesIt) {
    scripted_kernel script;
    script.fail(SYS_inotify_init1, EMFILE);
    const std::string text = complaint_of([&] { file_watch{file_}; });
    EXPECT_TRUE(contains(text, "raise /proc/sys/fs/inotify/max_user_instances, now ")) << text;
}

// As nobody, whose instances no other test counts on.
TEST_F(FileWatchTest, TheRealLimitOfInstancesIsMetWithThatText) {
    std::filesystem::permissions(path_, std::filesystem::perms{0666});
    const int code = exit_code_as_nobody([&] {
        prctl(PR_SET_DUMPABLE, 1);  // else /proc/self is not its own after the change of user
        std::vector<file_watch> many;
        const std::uint64_t limit = current_watch_limits().instances_max.value();
        const std::string text = complaint_of([&] {
            for (std::uint64_t i = 0; i <= limit; ++i) many.emplace_back(file_);
        });
        return contains(text, "max_user_instances") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(FileWatchTest, AtTheLimitOfWatchesTheTextNamesIt) {
    scripted_kernel script;
    script.fail(SYS_inotify_add_watch, ENOSPC);
    const std::string text = complaint_of([&] { file_watch{file_}; });
    EXPECT_TRUE(contains(text, "cannot watch file '" + path_)) << text;
    EXPECT_TRUE(contains(text, "raise /proc/sys/fs/inotify/max_user_watches, now ")) << text;
}

TEST_F(FileWatchTest, TheLimitsCanBeRead) {
    EXPECT_GT(current_watch_limits().instances_max, 0U);
    EXPECT_GT(current_watch_limits().watches_max, 0U);
}

TEST_F(FileWatchTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        file_watch own{file_};
        own.wait(deadline::min());
        own.drain();
    };
    EXPECT_EQ(fail_each_call(EIO, use), std::vector<long>{SYS_close});
}

TEST_F(FileWatchTest, InterruptionsAreNotSeen) {
    write_byte();
    scripted_kernel script;
    script.interrupt(SYS_ppoll).interrupt(SYS_read);
    EXPECT_TRUE(happened());
    EXPECT_TRUE(watch_.drain());
}

TEST_F(FileWatchTest, ToDrainEndsThoughAWriterNeverRests) {
    scripted_kernel script;
    for (int nth = 1; nth <= 20; ++nth) script.answer(SYS_read, 16, nth);
    EXPECT_TRUE(watch_.drain());
    EXPECT_EQ(script.calls(SYS_read), 16);
}

}  // namespace
}  // namespace signet::os
