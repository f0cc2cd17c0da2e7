// SPDX-License-Identifier: Apache-2.0
#include <signet/os/mapped_file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

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

constexpr std::size_t page = 4096;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class MappedFileTest : public ::testing::Test {
protected:
    std::byte stored(std::size_t offset) {
        std::byte byte{};
        EXPECT_EQ(file::open(path_).read_at(offset, {&byte, 1}), 1U);
        return byte;
    }

    testing::temporary_directory root_;
    std::string path_ = root_.path() + "/a";
};

TEST_F(MappedFileTest, WhatIsStoredIsTheContentOfTheFile) {
    const mapped_file memory = mapped_file::create(path_, 10000);
    memory.data()[9999] = std::byte{7};
    EXPECT_EQ(stored(9999), std::byte{7});
    EXPECT_EQ(memory.size(), 10000U);
    EXPECT_EQ(memory.content().size(), 10000U);
}

TEST_F(MappedFileTest, AnotherProcessSeesIt) {
    const mapped_file memory = mapped_file::create(path_, page);
    const int code = exit_code_of_forked([&] {
        const mapped_file own = mapped_file::open(path_, map_access::read_write);
        own.data()[1] = std::byte{5};
        return 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(memory.data()[1], std::byte{5});
}

TEST_F(MappedFileTest, WhatAKilledProcessStoredIsThere) {
    const int code = exit_code_of_forked([&] {
        mapped_file::create(path_, page).data()[3] = std::byte{9};
        raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGKILL);
    EXPECT_EQ(stored(3), std::byte{9});
}

TEST_F(MappedFileTest, WhoDiesWhileCreatingLeavesNothingOrAllOfIt) {
    kill_before_each_call([&] { mapped_file::create(path_, page); },
                          [&] {
                              const auto left = file::try_open(path_);
                              EXPECT_EQ(left ? left->facts().allocated_bytes : page, page);
                              remove_file(path_);
                          });
}

TEST_F(MappedFileTest, WhatIsCopiedOnWriteStaysHere) {
    mapped_file::create(path_, page);
    const mapped_file own = mapped_file::open(path_, map_access::copy_on_write);
    own.data()[0] = std::byte{1};
    EXPECT_EQ(stored(0), std::byte{0});
}

TEST_F(MappedFileTest, WhatIsReadOnlyCannotBeStoredTo) {
    mapped_file::create(path_, page);
    const int code = exit_code_of_forked([&] {
        signal(SIGSEGV, SIG_DFL);
        mapped_file::open(path_, map_access::read_only).data()[0] = std::byte{1};
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGSEGV);
}

TEST_F(MappedFileTest, AnEmptyFileMapsNothingAndGrows) {
    mapped_file memory = mapped_file::create(path_, 0);
    EXPECT_EQ(memory.data(), nullptr);
    EXPECT_EQ(memory.size(), 0U);
    memory.flush();
    memory.grow(1);
    memory.data()[0] = std::byte{1};
    EXPECT_EQ(stored(0), std::byte{1});
}

TEST_F(MappedFileTest, GrowthKeepsWhatIsThereAndPutsRoomBehindTheRest) {
    mapped_file memory = mapped_file::create(path_, page);
    memory.data()[0] = std::byte{1};
    memory.grow(100 * page);
    EXPECT_EQ(memory.data()[0], std::byte{1});
    EXPECT_EQ(memory.data()[100 * page - 1], std::byte{0});
    EXPECT_EQ(memory.content().facts().allocated_bytes, 100 * page);
    memory.grow(100 * page);
    EXPECT_THROW(memory.grow(1), contract_violation);
}

TEST_F(MappedFileTest, OthersFollowGrowth) {
    mapped_file memory = mapped_file::create(path_, page);
    mapped_file reader = mapped_file::open(path_, map_access::read_only);
    EXPECT_FALSE(reader.follow_growth());
    memory.grow(2 * page);
    memory.data()[page] = std::byte{2};
    EXPECT_EQ(reader.file_bytes(), 2 * page);
    EXPECT_TRUE(reader.follow_growth());
    EXPECT_EQ(reader.bytes().back(), std::byte{0});
    EXPECT_EQ(reader.data()[page], std::byte{2});
}

TEST_F(MappedFileTest, AFullDiskIsAnErrorAndNotASignal) {
    const int code = exit_code_in_small_tmpfs(root_.path(), 16 * page, [&] {
        const std::string text = complaint_of([&] { mapped_file::create(path_, 32 * page); });
        mapped_file memory = mapped_file::create(path_, page);
        const std::string growth = complaint_of([&] { memory.grow(32 * page); });
        memory.data()[page - 1] = std::byte{1};
        const bool said = contains(text, "No space left on device; make room on the file system");
        return said && contains(growth, "No space left") && memory.size() == page ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(MappedFileTest, AHoleOnAFullDiskIsFoundByReserving) {
    const int code = exit_code_in_small_tmpfs(root_.path(), 16 * page, [&] {
        file::create(path_).resize(32 * page);
        const mapped_file memory = mapped_file::open(path_, map_access::read_write);
        memory.reserve(0, page);
        memory.data()[0] = std::byte{1};
        return contains(complaint_of([&] { memory.reserve(0, memory.size()); }), "make room") ? 0
                                                                                              : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(MappedFileTest, WhatAPeerCutsIsASignalToTouchAndNoneToCopyOut) {
    const mapped_file memory = mapped_file::create(path_, 2 * page);
    file::open(path_).resize(page);
    EXPECT_LT(memory.file_bytes(), memory.size());
    std::vector<std::byte> copy(2 * page);
    EXPECT_EQ(memory.copy_out(0, copy), page);
    const int code = exit_code_of_forked([&] {
        signal(SIGBUS, SIG_DFL);
        return static_cast<int>(*static_cast<volatile std::byte*>(memory.data() + page));
    });
    EXPECT_EQ(code, 128 + SIGBUS);
}

TEST_F(MappedFileTest, AboveTheLimitOfFileSizesIsAnErrorAndNotASignal) {
    const int code = exit_code_of_forked([&] {
        const rlimit low{page, page};
        setrlimit(RLIMIT_FSIZE, &low);
        mapped_file memory = mapped_file::create(path_, page);
        return contains(complaint_of([&] { memory.grow(page + 1); }), "ulimit -f") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(MappedFileTest, ARangeIsFlushedInEitherMode) {
    const mapped_file memory = mapped_file::create(path_, 3 * page);
    memory.flush(page + 5, 10);
    memory.flush(2 * page, page, flush_mode::begin);
    memory.flush();
    memory.flush(3 * page, 0);
}

TEST_F(MappedFileTest, EveryAdviceIsTakenAndChangesNothing) {
    const mapped_file memory = mapped_file::create(path_, 3 * page);
    memory.data()[page] = std::byte{4};
    for (const auto advice : {map_advice::sequential, map_advice::random, map_advice::will_need,
                              map_advice::do_not_need, map_advice::normal}) {
        memory.advise(advice, page + 1, page);
        EXPECT_EQ(memory.data()[page], std::byte{4});
    }
    memory.advise(map_advice::normal, 0, 0);
}

TEST_F(MappedFileTest, WhatWouldLoseCopiedPagesBreaksTheContract) {
    mapped_file::create(path_, page);
    mapped_file own = mapped_file::open(path_, map_access::copy_on_write);
    EXPECT_THROW(own.advise(map_advice::do_not_need, 0, page), contract_violation);
    EXPECT_THROW(own.follow_growth(), contract_violation);
    EXPECT_THROW(own.grow(2 * page), contract_violation);
    EXPECT_THROW(own.reserve(0, page), contract_violation);
}

TEST_F(MappedFileTest, ARangeThatLeavesTheMappingBreaksTheContract) {
    const mapped_file memory = mapped_file::create(path_, page);
    EXPECT_THROW(memory.flush(page, 1), contract_violation);
    EXPECT_THROW(memory.advise(map_advice::normal, page + 1, 0), contract_violation);
    EXPECT_THROW(memory.reserve(1, ~std::size_t{0}), contract_violation);
    EXPECT_THROW(memory.advise(static_cast<map_advice>(9), 0, page), contract_violation);
    EXPECT_THROW(mapped_file::open(path_, static_cast<map_access>(9)), contract_violation);
}

TEST_F(MappedFileTest, BadNamesAndMissingRightsSaySo) {
    const auto open = [&] { mapped_file::open(path_, map_access::read_only); };
    EXPECT_TRUE(contains(complaint_of(open), "No such file or directory"));
    mapped_file::create(path_, 1);
    EXPECT_TRUE(contains(complaint_of([&] { mapped_file::create(path_, 1); }), "open it, or"));
    EXPECT_EQ(exit_code_as_nobody(
                  [&] { return contains(complaint_of(open), "check its owner and mode") ? 0 : 1; }),
              0);
}

TEST_F(MappedFileTest, AFileOpenToBeReadIsNotMappedToBeWritten) {
    file::create_sized(path_, page);
    const auto map = [&] {
        mapped_file::map(file::open(path_, file_access::read_only), map_access::read_write);
    };
    EXPECT_TRUE(contains(complaint_of(map), "cannot map memory '4096 bytes': Permission denied"));
}

TEST_F(MappedFileTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        remove_file(path_);
        mapped_file memory = mapped_file::create(path_, page);
        memory.flush();
        memory.advise(map_advice::random, 0, page);
        memory.grow(2 * page);
        memory.follow_growth();
    };
    EXPECT_EQ(fail_each_call(ENOMEM, use),
              (std::vector<long>{SYS_close, SYS_munmap, SYS_prlimit64}));
}

TEST_F(MappedFileTest, InterruptionsAreNotSeen) {
    const mapped_file memory = mapped_file::create(path_, page);
    scripted_kernel script;
    script.interrupt(SYS_msync, 2).interrupt(SYS_pread64);
    memory.flush();
    std::byte byte{};
    EXPECT_EQ(memory.copy_out(0, {&byte, 1}), 1U);
}

TEST_F(MappedFileTest, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(mapped_file::create(path_, 1).content().fd(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace signet::os
