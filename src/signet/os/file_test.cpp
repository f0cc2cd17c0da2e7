// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_as_nobody;
using testing::exit_code_in_small_tmpfs;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::kill_before_each_call;
using testing::scripted_kernel;
using testing::temporary_directory;

constexpr std::size_t small_disk = 64 * 1024;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span{text});
}

class FileTest : public ::testing::Test {
protected:
    std::string path(const std::string& name) { return root_.path() + "/" + name; }
    std::string text(const std::string& name) { return read_file(path(name), 1 << 20).value(); }
    std::vector<std::string> names() { return directory::open(root_.path()).list(); }

    temporary_directory root_;
};

using Names = std::vector<std::string>;

TEST_F(FileTest, WhatOneWritesAnotherReads) {
    const file writer = file::create(path("a"));
    writer.write_at(0, bytes_of("one two"));
    writer.write_at(4, bytes_of("six"));
    EXPECT_EQ(text("a"), "one six");
    EXPECT_EQ(writer.size(), 7U);
}

TEST_F(FileTest, AReadEndsWithTheFile) {
    const file writer = file::create(path("a"));
    writer.write_at(0, bytes_of("abc"));
    std::string buffer(10, '-');
    EXPECT_EQ(writer.read_at(1, std::as_writable_bytes(std::span{buffer})), 2U);
    EXPECT_EQ(buffer, "bc--------");
    EXPECT_EQ(writer.read_at(100, std::as_writable_bytes(std::span{buffer})), 0U);
}

TEST_F(FileTest, WhatAnotherProcessWroteBeforeItWasKilledIsThere) {
    const int code = exit_code_of_forked([&] {
        file::create(path("a")).write_at(0, bytes_of("left"));
        raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGKILL);
    EXPECT_EQ(text("a"), "left");
}

TEST_F(FileTest, ANewOneHasExactlyItsModeWhateverTheUmask) {
    const mode_t before = umask(0777);
    EXPECT_EQ(file::create(path("a"), 0640).facts().mode, 0640U);
    EXPECT_EQ(file::create_sized(path("b"), 1).facts().mode, 0600U);
    umask(before);
}

TEST_F(FileTest, EveryOneIsClosedByExec) {
    EXPECT_EQ(fcntl(file::create(path("a")).fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(file::open(path("a")).fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(file::create_sized(path("b"), 1).fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FileTest, WhatExistsIsNotCreated) {
    file::create(path("a"));
    const std::string complaint = "cannot create file '" + path("a") +
                                  "': File exists; it exists already: open it, or remove it first";
    EXPECT_EQ(complaint_of([&] { file::create(path("a")); }), complaint);
    EXPECT_EQ(complaint_of([&] { file::create_sized(path("a"), 1); }), complaint);
    EXPECT_FALSE(file::try_create(path("a")));
    EXPECT_EQ(names(), Names{"a"});
}

TEST_F(FileTest, WhatDoesNotExistIsNotOpened) {
    EXPECT_EQ(complaint_of([&] { file::open(path("a")); }),
              "cannot open file '" + path("a") + "': No such file or directory");
    EXPECT_FALSE(file::try_open(path("a")));
    EXPECT_FALSE(read_file(path("a"), 1));
    EXPECT_FALSE(remove_file(path("a")));
}

TEST_F(FileTest, ToOpenOrCreateDoesEither) {
    file::open_or_create(path("a")).write_at(0, bytes_of("kept"));
    file::open_or_create(path("a"));
    EXPECT_EQ(text("a"), "kept");
}

TEST_F(FileTest, OneThatIsRemovedBetweenTheTwoIsCreated) {
    scripted_kernel script;
    script.fail(SYS_openat, EEXIST);  // it was there, and is not any more
    EXPECT_EQ(file::open_or_create(path("a")).size(), 0U);
    script.fail(SYS_openat, EEXIST).fail(SYS_openat, ENOENT, 2);
    script.fail(SYS_openat, EEXIST, 3).fail(SYS_openat, ENOENT, 4);
    EXPECT_EQ(file::open_or_create(path("a")).size(), 0U);
}

TEST_F(FileTest, OnlyRegularFilesAreOpened) {
    std::filesystem::create_symlink("/dev/null", path("link"));
    ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_TRUE(contains(complaint_of([&] { file::open(path("link")); }), "symbolic link"));
    EXPECT_TRUE(contains(complaint_of([&] { file::open(root_.path()); }), "regular file"));
    EXPECT_TRUE(contains(complaint_of([&] { file::open(path("fifo"), file_access::read_only); }),
                         "it must be a regular file, not a device or pipe"));
}

TEST_F(FileTest, WithoutRightsTheTextSaysWhatToCheck) {
    file::create(path("a"));
    const int code = exit_code_as_nobody([&] {
        const std::string advice = "; check its owner and mode";
        return contains(complaint_of([&] { file::open(path("a")); }), advice) ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(FileTest, OneThatIsOpenToBeReadIsNotWritten) {
    file::create(path("a"));
    const file reader = file::open(path("a"), file_access::read_only);
    EXPECT_THROW(reader.write_at(0, bytes_of("x")), error);
    EXPECT_THROW(reader.resize(1), error);
}

TEST_F(FileTest, AFullDiskIsAnError) {
    const int code = exit_code_in_small_tmpfs(root_.path(), small_disk, [&] {
        const file full = file::create(path("a"));
        const std::vector<std::byte> much(2 * small_disk);
        const std::string advice = "; make room on the file system that holds it";
        const bool written = contains(complaint_of([&] { full.write_at(0, much); }), advice);
        full.resize(0);
        const bool made = contains(complaint_of([&] { full.allocate(0, 2 * small_disk); }), advice);
        return written && made ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(FileTest, ASizedOneThatDoesNotFitLeavesNothing) {
    const int code = exit_code_in_small_tmpfs(root_.path(), small_disk, [&] {
        const auto create = [&] { file::create_sized(path("a"), 2 * small_disk); };
        return contains(complaint_of(create), "No space left") && names().empty() ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(FileTest, ASizedOneHasRoomBehindAllOfIt) {
    const file_facts facts = file::create_sized(path("a"), 10000).facts();
    EXPECT_EQ(facts.bytes, 10000U);
    EXPECT_GE(facts.allocated_bytes, 10000U);
    EXPECT_EQ(facts.names, 1U);
    EXPECT_EQ(file::create_sized(path("b"), 0).size(), 0U);
}

TEST_F(FileTest, ASizedOneIsFilledBeforeItHasItsName) {
    std::vector<std::string> seen{"nothing"};
    file::create_sized(path("a"), 4, file::private_mode, [&](const file& fresh) {
        seen = names();
        fresh.write_at(0, bytes_of("full"));
    });
    EXPECT_EQ(seen, Names{});
    EXPECT_EQ(text("a"), "full");
}

TEST_F(FileTest, AnUnnamedOneIsThereOnceItHasAName) {
    const file made = file::create_unnamed(path("a"), 4);
    EXPECT_EQ(names(), Names{});
    EXPECT_FALSE(made.is_at(path("a")));
    made.write_at(0, bytes_of("full"));
    made.give_name(path("a"));
    EXPECT_TRUE(made.is_at(path("a")));
    EXPECT_EQ(text("a"), "full");
    EXPECT_TRUE(
        contains(complaint_of([&] { file::create_unnamed(path("b"), 1).give_name(path("a")); }),
                 "File exists"));
}

TEST_F(FileTest, ASizedOneThatCannotBeFilledLeavesNothing) {
    const auto fill = [](const file&) { throw std::runtime_error{"no"}; };
    EXPECT_THROW(file::create_sized(path("a"), 4, file::private_mode, fill), std::runtime_error);
    EXPECT_EQ(names(), Names{});
}

TEST_F(FileTest, OneThatIsOpenedAgainHasLocksOfItsOwn) {
    const file first = file::create(path("a"));
    const file again = file::open_again(first.fd());
    const auto held = range_lock::try_take(first, lock_kind::exclusive);
    EXPECT_TRUE(held);
    EXPECT_FALSE(range_lock::try_take(again, lock_kind::exclusive));
    EXPECT_EQ(fcntl(again.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FileTest, WhatIsNotOpenCannotBeOpenedAgain) {
    const std::string complaint = complaint_of([] { file::open_again(9999); });
    EXPECT_TRUE(contains(complaint, "cannot open once more '/proc/self/fd/9999'")) << complaint;
}

TEST_F(FileTest, WhoDiesWhileCreatingASizedOneLeavesNothingOrAllOfIt) {
    const auto create = [&] { file::create_sized(path("a"), 10000); };
    const int deaths = kill_before_each_call(create, [&] {
        if (names().empty()) return;
        EXPECT_EQ(file::open(path("a")).size(), 10000U);
        remove_file(path("a"));
    });
    EXPECT_GE(deaths, 5);
}

TEST_F(FileTest, WithoutUnnamedFilesTheTextSaysSo) {
    for (const int number : {EOPNOTSUPP, EISDIR}) {
        scripted_kernel script;
        script.fail(SYS_openat, number);
        EXPECT_TRUE(contains(complaint_of([&] { file::create_sized(path("a"), 1); }),
                             "; its file system has no unnamed files"));
    }
}

TEST_F(FileTest, AboveTheLimitOfFileSizesIsAnErrorAndNotASignal) {
    const int code = exit_code_of_forked([&] {
        const rlimit low{1000, 1000};
        setrlimit(RLIMIT_FSIZE, &low);
        const file limited = file::create(path("a"));
        limited.write_at(996, bytes_of("last"));
        const bool written =
            contains(complaint_of([&] { limited.write_at(997, bytes_of("last")); }),
                     "it would be longer than the limit of file sizes (ulimit -f), 1000 bytes");
        const bool resized = complaint_of([&] { limited.resize(1001); }) != "no error";
        const bool made = complaint_of([&] { limited.allocate(0, 1001); }) != "no error";
        return written && resized && made ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(FileTest, WhatIsRefusedSaysWhatToDo) {
    const file here = file::create(path("a"));
    scripted_kernel script;
    script.fail(SYS_pwrite64, EDQUOT).fail(SYS_fallocate, EOPNOTSUPP).fail(SYS_ftruncate, EROFS);
    EXPECT_TRUE(contains(complaint_of([&] { here.write_at(0, bytes_of("x")); }), "quota"));
    EXPECT_TRUE(contains(complaint_of([&] { here.allocate(0, 1); }), "cannot reserve room"));
    EXPECT_TRUE(contains(complaint_of([&] { here.resize(1); }), "mounted read-only"));
}

TEST_F(FileTest, PartialTransfersAreContinued) {
    const file here = file::create(path("a"));
    scripted_kernel script;
    script.answer(SYS_pwrite64, 2).answer(SYS_pread64, 3);
    here.write_at(0, bytes_of("abcdef"));
    EXPECT_EQ(script.calls(SYS_pwrite64), 2);
    std::string buffer(6, '-');
    EXPECT_EQ(here.read_at(0, std::as_writable_bytes(std::span{buffer})), 6U);
    EXPECT_EQ(buffer, "---def");
}

TEST_F(FileTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_openat).interrupt(SYS_pwrite64, 2).interrupt(SYS_pread64, 2);
    script.interrupt(SYS_ftruncate).interrupt(SYS_fdatasync).interrupt(SYS_fsync);
    const file here = file::create(path("a"));
    here.write_at(0, bytes_of("abc"));
    here.resize(2);
    here.sync();
    sync_name(path("a"));
    EXPECT_EQ(text("a"), "ab");
}

TEST_F(FileTest, AnInterruptedAllocationGoesOnInSmallerSteps) {
    constexpr std::uint64_t mebibyte = 1 << 20;
    const file here = file::create(path("a"));
    scripted_kernel script;
    script.interrupt(SYS_fallocate, 2);
    here.allocate(0, 4 * mebibyte);
    EXPECT_EQ(script.calls(SYS_fallocate), 2 + 4);
    EXPECT_EQ(here.facts().allocated_bytes, 4 * mebibyte);
}

TEST_F(FileTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        remove_file(path("a"));
        const file here = file::create(path("a"));
        here.write_at(0, bytes_of("x"));
        here.allocate(0, 2);
        here.resize(1);
        here.sync();
        sync_name(path("a"));
        static_cast<void>(here.is_at(path("a")));
        read_file(path("a"), 1);
    };
    EXPECT_EQ(fail_each_call(EIO, use), (std::vector<long>{SYS_close, SYS_prlimit64}));
}

TEST_F(FileTest, CreatingASizedOneFailsWithAnErrorAtEachOfItsCalls) {
    const auto create = [&] {
        remove_file(path("a"));
        file::create_sized(path("a"), 1);
    };
    const auto survived = fail_each_call(EMFILE, create);
    EXPECT_EQ(survived, (std::vector<long>{SYS_close, SYS_prlimit64}));
}

TEST_F(FileTest, WhetherItIsStillWhatTheNameSays) {
    const file here = file::create(path("a"));
    EXPECT_TRUE(here.is_at(path("a")));
    std::filesystem::rename(path("a"), path("b"));
    EXPECT_FALSE(here.is_at(path("a")));
    file::create(path("a"));
    EXPECT_FALSE(here.is_at(path("a")));
    EXPECT_TRUE(here.is_at(path("b")));
}

TEST_F(FileTest, AFileThatIsReadWholeMayNotBeTooLong) {
    file::create(path("a")).write_at(0, bytes_of("abcdef"));
    EXPECT_EQ(read_file(path("a"), 6), "abcdef");
    EXPECT_EQ(complaint_of([&] { read_file(path("a"), 5); }),
              "cannot read '" + path("a") + "': too large; it has more than 5 bytes");
}

}  // namespace
}  // namespace signet::os
