// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/sealed_memory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/falloc.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace signet::transport::shm {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

constexpr std::uint64_t page = 4096;

sealed_memory made(std::uint64_t bytes) {
    memory_draft draft{bytes};
    draft.bytes().back() = std::byte{7};
    return std::move(draft).seal();
}

std::string flaw(const os::descriptor& file) {
    const char* const why = sealed_memory::flaw_of(file);
    return why == nullptr ? "none" : why;
}

os::descriptor memory_with(os::seals seals, std::uint64_t bytes = page) {
    os::descriptor memory = os::create_memfd("test", bytes);
    if (bytes != 0) os::allocate(memory, 0, bytes);
    os::add_seals(memory, seals);
    return memory;
}

TEST(SealedMemory, HasWhatWasWrittenForWhoGetsItsFile) {
    const sealed_memory own = made(3 * page + 5);
    ASSERT_EQ(flaw(own.file()), "none");
    const sealed_memory theirs{os::duplicate(own.file().get())};
    EXPECT_EQ(theirs.bytes().size(), 3 * page + 5);
    EXPECT_EQ(theirs.bytes().back(), std::byte{7});
}

TEST(SealedMemory, CannotBeWrittenCutOrPunchedByAnybody) {
    const sealed_memory own = made(page);
    const int file = own.file().get();
    EXPECT_EQ(write(file, "x", 1), -1);
    EXPECT_EQ(ftruncate(file, 1), -1);
    EXPECT_EQ(ftruncate(file, 2 * page), -1);
    EXPECT_EQ(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, page), -1);
    EXPECT_NE(complaint_of([&] { os::mapping::read_write(own.file(), page); }), "no error");
}

TEST(SealedMemory, ItsFlawsAreTold) {
    using os::seals;
    EXPECT_EQ(flaw(os::duplicate(os::pipe_ends::create().reader.fd())),
              "is a file that is not plain memory");
    EXPECT_EQ(flaw(os::descriptor{open("/proc/self/exe", O_RDONLY | O_CLOEXEC)}),
              "is a file that is not plain memory");
    for (const seals some : {seals::none, seals::write | seals::seal,
                             seals::shrink | seals::grow | seals::future_write}) {
        EXPECT_EQ(flaw(memory_with(some)), "is memory that is not sealed");
    }
    EXPECT_EQ(flaw(memory_with(seals::write | seals::shrink, 0)), "is memory of no bytes");
    EXPECT_NE(complaint_of([] { sealed_memory::flaw_of(os::descriptor{}); }), "no error");
}

TEST(SealedMemory, OneThatIsNotAllThereIsNotPaidForByWhoGetsIt) {
    const os::descriptor sparse = os::create_memfd("test", 1000 * page);
    os::allocate(sparse, 0, 999 * page);
    os::add_seals(sparse, os::seals::write | os::seals::shrink);
    EXPECT_EQ(flaw(sparse), "is memory that is not all there");
}

TEST(SealedMemory, AHoleThatIsHiddenByPagesBehindTheEndIsFilled) {
    os::descriptor sly = os::create_memfd("test", 2 * page);
    ASSERT_EQ(fallocate(sly.get(), FALLOC_FL_KEEP_SIZE, page, 2 * page), 0);
    os::add_seals(sly, os::seals::write | os::seals::shrink);
    ASSERT_EQ(flaw(sly), "none");
    const sealed_memory mapped{std::move(sly)};
    EXPECT_EQ(os::inspect_memory(mapped.file()).allocated_bytes, 3 * page);
}

TEST(SealedMemory, WithoutMemoryThereIsAnErrorAndNoSignal) {
    scripted_kernel script;
    script.fail(SYS_fallocate, ENOSPC);
    EXPECT_NE(complaint_of([] { memory_draft{page}; }), "no error");
    const sealed_memory own = made(page);
    script.fail(SYS_madvise, EFAULT);
    EXPECT_NE(complaint_of([&] { sealed_memory{os::duplicate(own.file().get())}; }), "no error");
}

TEST(SealedMemory, ADraftIsNothingForAForkedChildAndSealedMemoryIs) {
    const memory_draft draft{page};
    const sealed_memory own = made(page);
    const int code = testing::exit_code_of_forked([&] {
        const bool told = complaint_of([&] { draft.bytes(); }) != "no error";
        return told && own.bytes().back() == std::byte{7} ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST(SealedMemory, LeavesNoDescriptorsWhereACallFails) {
    testing::fail_each_call(ENOMEM, [] { made(page); });
}

}  // namespace
}  // namespace signet::transport::shm
