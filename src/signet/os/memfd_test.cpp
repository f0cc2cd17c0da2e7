// SPDX-License-Identifier: Apache-2.0
#include <signet/os/memfd.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/mapping.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr seals memory_seals = seals::shrink | seals::grow | seals::future_write | seals::seal;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Seals, ASetIncludesItsParts) {
    EXPECT_TRUE(includes(memory_seals, seals::grow | seals::seal));
    EXPECT_FALSE(includes(memory_seals, seals::write));
}

TEST(Memfd, NewMemoryHasItsSizeAndNothingBehindIt) {
    const memory_facts facts = inspect_memory(create_memfd("test", mebibyte));
    EXPECT_EQ(facts.bytes, mebibyte);
    EXPECT_EQ(facts.allocated_bytes, 0);
    EXPECT_TRUE(facts.regular);
    EXPECT_TRUE(facts.on_tmpfs);
    EXPECT_FALSE(facts.huge_pages);
}

TEST(Memfd, NewMemoryIsClosedByExecAndNotExecutable) {
    const descriptor memory = create_memfd("test", 1);
    EXPECT_EQ(fcntl(memory.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_NE(fchmod(memory.get(), 0777), 0);
}

TEST(Memfd, WhatAKilledProcessWroteIsThereForThoseWhoGoOn) {
    const descriptor memory = create_memfd("test", 4096);
    const int code = testing::exit_code_of_forked([&] {
        mapping::read_write(memory, 4096).data()[1] = std::byte{5};
        raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGKILL);
    EXPECT_EQ(mapping::read_only(memory, 4096).data()[1], std::byte{5});
}

TEST(Memfd, ItIsGoneWithItsLastUserEvenOneThatIsKilled) {
    const descriptor memory = create_memfd("test-of-last-user", 4096);
    struct stat before{};
    fstat(memory.get(), &before);
    EXPECT_EQ(before.st_nlink, 0U);  // no name, so nothing but its users keeps it
    EXPECT_FALSE(std::filesystem::exists("/dev/shm/test-of-last-user"));
}

TEST(Memfd, AnotherProcessCannotWriteWhereOnlyOneMay) {
    const descriptor memory = create_memfd("test", 4096);
    const mapping writer = mapping::read_write(memory, 4096);
    add_seals(memory, memory_seals);
    const int code = testing::exit_code_of_forked([&] {
        const bool mapped = complaint_of([&] { mapping::read_write(memory, 4096); }) == "no error";
        return mapped || pwrite(memory.get(), "x", 1, 0) == 1 ? 1 : 0;
    });
    EXPECT_EQ(code, 0);
    writer.data()[0] = std::byte{1};
    EXPECT_EQ(mapping::read_only(memory, 4096).data()[0], std::byte{1});
}

TEST(Memfd, AKernelWithoutTheNoexecSealWillDo) {
    scripted_kernel script;
    script.fail(SYS_memfd_create, EINVAL);
    EXPECT_TRUE(create_memfd("test", 1));
    EXPECT_EQ(script.calls(SYS_memfd_create), 2);
}

TEST(Memfd, AboveTheLimitOfFileSizesIsAnErrorAndNotASignal) {
    const int code = testing::exit_code_of_forked([] {
        const rlimit low{mebibyte, mebibyte};
        setrlimit(RLIMIT_FSIZE, &low);
        create_memfd("test", mebibyte);
        const std::string text = complaint_of([] { create_memfd("test", mebibyte + 1); });
        return contains(text, "ulimit -f") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST(Memfd, HugePagesAreSealedAgainstHolesToo) {
    constexpr std::uint64_t huge = 2 * mebibyte;
    const descriptor memory = create_memfd("test", huge, memory_pages::huge);
    add_seals(memory, memory_seals);
    constexpr int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    EXPECT_EQ(call(SYS_fallocate, memory.get(), punch, 0, huge), -EPERM);
    EXPECT_TRUE(inspect_memory(memory).huge_pages);
    EXPECT_EQ(inspect_memory(memory).page_bytes, huge);
}

TEST(Memfd, CreationFailsWithAnErrorAtEachOfItsCalls) {
    EXPECT_EQ(fail_each_call(EMFILE, [] { create_memfd("test", 1); }),
              (std::vector<long>{SYS_close, SYS_prlimit64}));
}

TEST(Memfd, SizingIsRepeatedWhenInterrupted) {
    scripted_kernel script;
    script.interrupt(SYS_ftruncate, 2);
    EXPECT_EQ(inspect_memory(create_memfd("test", 5)).bytes, 5);
}

TEST(Memfd, SealsThatWereAddedArePresent) {
    const descriptor memory = create_memfd("test", 1);
    add_seals(memory, memory_seals);
    EXPECT_TRUE(includes(inspect_memory(memory).present, memory_seals));
    EXPECT_FALSE(includes(inspect_memory(memory).present, seals::write));
}

TEST(Memfd, SealedMemoryKeepsItsSizeAndItsPages) {
    const descriptor memory = create_memfd("test", mebibyte);
    add_seals(memory, memory_seals);
    const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    EXPECT_EQ(call(SYS_ftruncate, memory.get(), 0), -EPERM);
    EXPECT_EQ(call(SYS_ftruncate, memory.get(), 2 * mebibyte), -EPERM);
    EXPECT_EQ(call(SYS_fallocate, memory.get(), punch, 0, 4096), -EPERM);
}

TEST(Memfd, SealedSealsCannotBeAddedTo) {
    const descriptor memory = create_memfd("test", 1);
    add_seals(memory, seals::seal);
    EXPECT_EQ(complaint_of([&] { add_seals(memory, seals::grow); }),
              "cannot seal memory: Operation not permitted");
}

TEST(Memfd, WritingCannotBeSealedWhileSomebodyMayWrite) {
    const descriptor memory = create_memfd("test", 1);
    const mapping writer = mapping::read_write(memory, 1);
    EXPECT_EQ(complaint_of([&] { add_seals(memory, seals::write); }),
              "cannot seal memory: Device or resource busy; "
              "unmap every writable mapping of it first");
}

TEST(Memfd, AllocationPutsMemoryBehindARangeEvenOfSealedMemory) {
    const descriptor memory = create_memfd("test", mebibyte);
    add_seals(memory, memory_seals);
    allocate(memory, 8192, 4096);
    EXPECT_EQ(inspect_memory(memory).allocated_bytes, 4096);
}

TEST(Memfd, AllocationWithoutMemorySaysWhatHelps) {
    const descriptor memory = create_memfd("test", 4096);
    for (const int number : {ENOSPC, ENOMEM}) {
        scripted_kernel script;
        script.fail(SYS_fallocate, number);
        const std::string text = complaint_of([&] { allocate(memory, 0, 4096); });
        EXPECT_TRUE(contains(text, "cannot allocate shared memory '4096 bytes': ")) << text;
        EXPECT_TRUE(contains(text, "; free memory, raise the container's memory limit")) << text;
    }
}

TEST(Memfd, AllocationOfWhatIsNoMemoryIsAnError) {
    const descriptor directory{open("/", O_RDONLY | O_CLOEXEC)};
    EXPECT_TRUE(contains(complaint_of([&] { allocate(directory, 0, 1); }), "cannot allocate"));
}

TEST(Memfd, AnInterruptedAllocationGoesOnInSmallerSteps) {
    const descriptor memory = create_memfd("test", mebibyte);
    scripted_kernel script;
    script.interrupt(SYS_fallocate, 2);
    allocate(memory, 0, mebibyte);
    EXPECT_EQ(script.calls(SYS_fallocate), 2 + 4);
    EXPECT_EQ(inspect_memory(memory).allocated_bytes, mebibyte);
}

TEST(Memfd, WhatCannotBeSealedHasNoSeals) {
    const descriptor file{open("/proc/self/status", O_RDONLY | O_CLOEXEC)};
    EXPECT_EQ(inspect_memory(file).present, seals::none);
    EXPECT_FALSE(inspect_memory(file).on_tmpfs);
}

TEST(Memfd, WhatIsNoFileIsNotRegular) {
    const descriptor directory{open("/", O_RDONLY | O_CLOEXEC)};
    EXPECT_FALSE(inspect_memory(directory).regular);
}

TEST(Memfd, HugePagesAreRecognized) {
    const long number = call(SYS_memfd_create, "test", MFD_CLOEXEC | MFD_HUGETLB);
    if (number < 0) GTEST_SKIP() << "this kernel has no huge pages";
    EXPECT_TRUE(inspect_memory(descriptor{static_cast<int>(number)}).huge_pages);
}

TEST(Memfd, InspectionFailsWithAnErrorWhereTheDescriptorIsNotUsable) {
    EXPECT_EQ(complaint_of([] { inspect_memory(descriptor{}); }),
              "cannot inspect descriptor: Bad file descriptor");
}

TEST(Memfd, InspectionDoesWithoutSealsOnly) {
    const descriptor memory = create_memfd("test", 1);
    EXPECT_EQ(fail_each_call(EINVAL, [&] { inspect_memory(memory); }),
              std::vector<long>{SYS_fcntl});
}

TEST(Memfd, InspectionIsRepeatedWhenInterrupted) {
    const descriptor memory = create_memfd("test", 1);
    scripted_kernel script;
    script.interrupt(SYS_fstatfs);
    EXPECT_TRUE(inspect_memory(memory).on_tmpfs);
}

}  // namespace
}  // namespace signet::os
