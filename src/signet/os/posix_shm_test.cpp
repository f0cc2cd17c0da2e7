// SPDX-License-Identifier: Apache-2.0
#include <signet/os/posix_shm.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
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

constexpr std::size_t page = 4096;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class PosixShmTest : public ::testing::Test {
protected:
    ~PosixShmTest() override { posix_shm::remove(name_); }

    bool exists() { return std::filesystem::exists("/dev/shm" + name_); }

    std::string name_ = "/signet-test-shm-" + std::to_string(getpid());
};

TEST_F(PosixShmTest, WhatOneProcessWritesAnotherReads) {
    const posix_shm memory = posix_shm::create(name_, 10000);
    const int code = exit_code_of_forked([&] {
        const posix_shm own = posix_shm::open(name_);
        own.data()[9999] = std::byte{7};
        return own.size() == 10000 ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(memory.bytes()[9999], std::byte{7});
}

TEST_F(PosixShmTest, OtherProgramsFindItByItsName) {
    const posix_shm memory = posix_shm::create(name_, page);
    const descriptor other{shm_open(name_.c_str(), O_RDONLY, 0)};
    EXPECT_TRUE(other);
    EXPECT_EQ(memory.name(), name_);
}

TEST_F(PosixShmTest, ItsCreatorTakesTheNameAwayAndOpenersDoNot) {
    {
        const posix_shm memory = posix_shm::create(name_, page);
        posix_shm::open(name_);
        EXPECT_TRUE(exists());
    }
    EXPECT_FALSE(exists());
}

TEST_F(PosixShmTest, AKeptNameStays) {
    posix_shm::create(name_, page).keep_name();
    EXPECT_TRUE(exists());
    EXPECT_TRUE(posix_shm::remove(name_));
    EXPECT_FALSE(posix_shm::remove(name_));
}

TEST_F(PosixShmTest, AForkedChildLeavesTheNameAlone) {
    auto memory = std::optional{posix_shm::create(name_, page)};
    EXPECT_EQ(exit_code_of_forked([&] {
                  memory.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(exists());
}

TEST_F(PosixShmTest, ANameThatIsAnothersByNowIsLeftAlone) {
    auto memory = std::optional{posix_shm::create(name_, page)};
    posix_shm::remove(name_);
    const posix_shm other = posix_shm::create(name_, page);
    memory.reset();
    EXPECT_TRUE(exists());
}

TEST_F(PosixShmTest, ItIsPassedOnByMoving) {
    posix_shm first = posix_shm::create(name_, page);
    {
        posix_shm second = std::move(first);
        EXPECT_EQ(second.size(), page);
        first = std::move(second);
    }
    EXPECT_TRUE(exists());
    first.data()[0] = std::byte{1};
}

TEST_F(PosixShmTest, ATakenNameSaysWhatToDo) {
    const posix_shm memory = posix_shm::create(name_, page);
    EXPECT_EQ(complaint_of([&] { posix_shm::create(name_, page); }),
              "cannot create shared memory '" + name_ +
                  "': File exists; it exists already: open it, or remove it where a process that "
                  "was killed has left it");
}

TEST_F(PosixShmTest, AMissingNameSaysWhatToDo) {
    EXPECT_FALSE(posix_shm::try_open(name_));
    EXPECT_EQ(complaint_of([&] { posix_shm::open(name_); }),
              "cannot open shared memory '" + name_ +
                  "': No such file or directory; nobody has created it, or it was removed; check "
                  "the name");
}

TEST_F(PosixShmTest, ABadNameIsRefused) {
    for (const std::string name : {"", "/", "x", "/x/y", "/.", "/.."}) {
        EXPECT_TRUE(contains(complaint_of([&] { posix_shm::create(name, 1); }), "bad name"))
            << name;
        EXPECT_TRUE(contains(complaint_of([&] { posix_shm::open(name); }), "such as '/robot'"));
        EXPECT_THROW(posix_shm::remove(name), error);
    }
    EXPECT_THROW(posix_shm::open('/' + std::string(255, 'x')), error);
    EXPECT_FALSE(posix_shm::try_open('/' + std::string(254, 'x')));
    EXPECT_THROW(posix_shm::open(std::string{"/a\0b", 4}), error);
}

TEST_F(PosixShmTest, NoBytesBreakTheContract) {
    EXPECT_THROW(posix_shm::create(name_, 0), contract_violation);
}

TEST_F(PosixShmTest, WithoutRightsTheTextSaysSo) {
    const posix_shm memory = posix_shm::create(name_, page);
    const int code = exit_code_as_nobody([&] {
        return contains(complaint_of([&] { posix_shm::open(name_); }), "it is another user's") ? 0
                                                                                               : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(PosixShmTest, ItsModeSaysWhoMayDoWhat) {
    const posix_shm memory = posix_shm::create(name_, page, 0644);
    const int code = exit_code_as_nobody([&] {
        posix_shm::open(name_, file_access::read_only);
        return complaint_of([&] { posix_shm::open(name_); }) == "no error" ? 1 : 0;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(PosixShmTest, AFullDirectoryIsAnErrorAndNotASignalAndLeavesNothing) {
    const int code = exit_code_in_small_tmpfs("/dev/shm", 16 * page, [&] {
        const std::string text = complaint_of([&] { posix_shm::create(name_, 32 * page); });
        const bool said = contains(text, "/dev/shm has 65536 of its 65536 bytes left: remove");
        const posix_shm fits = posix_shm::create(name_, 16 * page);
        for (std::byte& byte : fits.bytes()) byte = std::byte{1};
        const bool full = contains(complaint_of([&] { posix_shm::create("/signet-b", page); }),
                                   "/dev/shm has 0 of");
        return said && full && current_shm_room().bytes_free == 0 ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(PosixShmTest, WhatOthersMadeGetsMemoryBehindItOrAnError) {
    const int code = exit_code_in_small_tmpfs("/dev/shm", 16 * page, [&] {
        const descriptor other{shm_open(name_.c_str(), O_RDWR | O_CREAT, 0600)};
        if (ftruncate(other.get(), 8 * page) != 0) return 2;
        const posix_shm memory = posix_shm::open(name_);
        for (std::byte& byte : memory.bytes()) byte = std::byte{1};
        if (ftruncate(other.get(), 32 * page) != 0) return 3;
        posix_shm::open(name_, file_access::read_only);
        return contains(complaint_of([&] { posix_shm::open(name_); }), "No space left") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(PosixShmTest, WhatHasNoSizeYetIsSaidToBeSo) {
    const descriptor other{shm_open(name_.c_str(), O_RDWR | O_CREAT, 0600)};
    EXPECT_TRUE(contains(complaint_of([&] { posix_shm::open(name_); }),
                         "it has no bytes: its creator has not given it a size yet; try again"));
}

TEST_F(PosixShmTest, AKilledCreatorLeavesTheNameUntilItIsRemoved) {
    const int code = exit_code_of_forked([&] {
        const posix_shm memory = posix_shm::create(name_, page);
        memory.data()[0] = std::byte{3};
        raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGKILL);
    EXPECT_EQ(posix_shm::open(name_).data()[0], std::byte{3});
    EXPECT_TRUE(posix_shm::remove(name_));
}

TEST_F(PosixShmTest, WhoDiesWhileCreatingLeavesNothingOrAllOfIt) {
    const auto create = [&] { posix_shm::create(name_, 5 * page).keep_name(); };
    const int deaths = kill_before_each_call(create, [&] {
        if (!exists()) return;
        EXPECT_EQ(posix_shm::open(name_).size(), 5 * page);
        posix_shm::remove(name_);
    });
    EXPECT_GE(deaths, 5);
}

TEST_F(PosixShmTest, AKilledOpenerLeavesNothing) {
    {
        const posix_shm memory = posix_shm::create(name_, page);
        exit_code_of_forked([&] {
            const posix_shm own = posix_shm::open(name_);
            raise(SIGKILL);
            return 0;
        });
        EXPECT_TRUE(exists());
    }
    EXPECT_FALSE(exists());
}

TEST_F(PosixShmTest, WhatAPeerCutsIsNoticed) {
    const posix_shm memory = posix_shm::create(name_, 2 * page);
    EXPECT_EQ(memory.bytes_now(), memory.size());
    std::filesystem::resize_file("/dev/shm" + name_, page);
    EXPECT_LT(memory.bytes_now(), memory.size());
}

TEST_F(PosixShmTest, AboveTheLimitOfFileSizesIsAnErrorAndNotASignal) {
    const int code = exit_code_of_forked([&] {
        const rlimit low{page, page};
        setrlimit(RLIMIT_FSIZE, &low);
        return contains(complaint_of([&] { posix_shm::create(name_, page + 1); }), "ulimit -f") ? 0
                                                                                                : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(PosixShmTest, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(posix_shm::create(name_, 1).fd(), F_GETFD), FD_CLOEXEC);
    const posix_shm memory = posix_shm::create(name_, 1);
    EXPECT_EQ(fcntl(posix_shm::open(name_).fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(PosixShmTest, EachCallThatFailsIsAnErrorAndLeavesNoName) {
    const auto use = [&] {
        posix_shm::remove(name_);
        const posix_shm memory = posix_shm::create(name_, page);
        posix_shm::open(name_);
    };
    const auto survived = fail_each_call(EIO, use);
    EXPECT_EQ(survived, (std::vector<long>{SYS_close, SYS_fstat, SYS_munmap, SYS_newfstatat,
                                           SYS_unlinkat, SYS_prlimit64}));
}

TEST_F(PosixShmTest, WhereItCannotBeMappedNoNameIsLeft) {
    scripted_kernel script;
    script.fail(SYS_mmap, ENOMEM);
    EXPECT_TRUE(contains(complaint_of([&] { posix_shm::create(name_, page); }), "map memory"));
    EXPECT_FALSE(exists());
}

TEST_F(PosixShmTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_openat, 2).interrupt(SYS_fallocate).interrupt(SYS_statfs);
    const posix_shm memory = posix_shm::create(name_, page);
    EXPECT_EQ(posix_shm::open(name_).size(), page);
    EXPECT_GT(current_shm_room().bytes_max, 0U);
}

TEST_F(PosixShmTest, WhereTheRoomIsNotKnownTheAdviceStandsWithoutIt) {
    scripted_kernel script;
    script.fail(SYS_fallocate, ENOSPC).fail(SYS_statfs, EACCES);
    EXPECT_TRUE(contains(complaint_of([&] { posix_shm::create(name_, page); }),
                         "/dev/shm has too little left"));
}

}  // namespace
}  // namespace signet::os
