// SPDX-License-Identifier: Apache-2.0
#include <signet/os/mapping.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <fstream>
#include <optional>
#include <string>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

constexpr std::size_t page = 4096;

bool is_mapped(const std::byte* data) {
    return call(SYS_madvise, data, page, MADV_NORMAL) == 0;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Mapping, WhatOneWritesAnotherReads) {
    const descriptor memory = create_memfd("test", page);
    const mapping writer = mapping::read_write(memory, page);
    const mapping reader = mapping::read_only(memory, page);
    writer.data()[page - 1] = std::byte{7};
    EXPECT_EQ(reader.data()[page - 1], std::byte{7});
    EXPECT_EQ(reader.size(), page);
}

TEST(Mapping, WhatIsCopiedOnWriteStaysHere) {
    const descriptor memory = create_memfd("test", page);
    const mapping own = mapping::copy_on_write(memory, page);
    own.data()[0] = std::byte{1};
    EXPECT_EQ(mapping::read_only(memory, page).data()[0], std::byte{0});
}

TEST(Mapping, ItOutlivesTheDescriptor) {
    const mapping memory = mapping::read_write(create_memfd("test", page), page);
    memory.data()[0] = std::byte{1};
    EXPECT_TRUE(is_mapped(memory.data()));
}

TEST(Mapping, AnEmptyOneIsAnError) {
    const descriptor memory = create_memfd("test", page);
    EXPECT_EQ(complaint_of([&] { mapping::read_only(memory, 0); }),
              "cannot map memory '0 bytes': Invalid argument");
}

TEST(Mapping, SealedMemoryIsReadButNotWritten) {
    const descriptor memory = create_memfd("test", page);
    add_seals(memory, seals::future_write);
    EXPECT_NO_THROW(mapping::read_only(memory, page));
    EXPECT_EQ(complaint_of([&] { mapping::read_write(memory, page); }),
              "cannot map memory '4096 bytes': Operation not permitted");
}

TEST(Mapping, ItsEndUnmaps) {
    const std::byte* data = mapping::read_write(create_memfd("test", page), page).data();
    EXPECT_FALSE(is_mapped(data));
}

TEST(Mapping, ItIsPassedOnByMoving) {
    mapping first = mapping::read_write(create_memfd("test", page), page);
    const mapping second{std::move(first)};
    EXPECT_EQ(first.data(), nullptr);
    EXPECT_EQ(first.size(), 0);
    EXPECT_TRUE(is_mapped(second.data()));
}

TEST(Mapping, AssignmentUnmapsWhatWasHeldBefore) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    const std::byte* before = held.data();
    mapping other = mapping::read_write(create_memfd("test", page), page);
    held = std::move(other);
    EXPECT_FALSE(is_mapped(before));
    EXPECT_TRUE(is_mapped(held.data()));
}

TEST(Mapping, AForkedChildDoesNotHaveWhatIsPrivate) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    const auto child_has_it = [&] { return is_mapped(held.data()) ? 1 : 0; };
    EXPECT_EQ(exit_code_of_forked(child_has_it), 1);
    held.keep_private_to_process();
    EXPECT_EQ(exit_code_of_forked(child_has_it), 0);
}

TEST(Mapping, AForkedChildUnmapsNothingWhereItNeverHadTheBytes) {
    std::optional<mapping> bytes{mapping::read_write(create_memfd("test", 4096), 4096)};
    bytes->keep_private_to_process();
    const int code = testing::exit_code_of_forked([&] {
        void* const place = bytes->data();
        constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
        auto* const own =
            static_cast<volatile char*>(mmap(place, 4096, PROT_READ | PROT_WRITE, flags, -1, 0));
        bytes.reset();
        *own = 1;
        return 0;
    });
    EXPECT_EQ(code, 0);
}

TEST(Mapping, ACoreDumpDoesNotHaveWhatIsPrivate) {
    mapping held = mapping::read_write(create_memfd("kept-out-of-dumps", page), page);
    held.keep_private_to_process();
    std::ifstream maps{"/proc/self/smaps"};
    std::string line;
    while (std::getline(maps, line) && !contains(line, "kept-out-of-dumps")) continue;
    while (std::getline(maps, line) && !line.starts_with("VmFlags:")) continue;
    EXPECT_TRUE(contains(line, " dd")) << line;
}

TEST(Mapping, KeepingPrivateFailsWithAnErrorAtEachOfItsCalls) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    process_generation();  // whose first call makes calls of its own
    EXPECT_TRUE(fail_each_call(EINVAL, [&] { held.keep_private_to_process(); }).empty());
}

TEST(Mapping, PopulatingPutsMemoryBehindEachPageOfTheRange) {
    const descriptor memory = create_memfd("test", 4 * page);
    mapping held = mapping::read_write(memory, 4 * page);
    held.populate_for_write(page + 100, page);
    EXPECT_EQ(inspect_memory(memory).allocated_bytes, 2 * page);
}

TEST(Mapping, PopulatingWhatHasNoMemoryIsAnErrorAndNotASignal) {
    mapping longer = mapping::read_write(create_memfd("test", page), 2 * page);
    EXPECT_TRUE(contains(complaint_of([&] { longer.populate_for_write(0, 2 * page); }),
                         "cannot populate memory '8192 bytes': Bad address; free memory"));
}

TEST(Mapping, PopulatingWithoutMemorySaysWhatHelps) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    scripted_kernel script;
    script.fail(SYS_madvise, ENOMEM);
    EXPECT_TRUE(contains(complaint_of([&] { held.populate_for_write(0, page); }),
                         "Cannot allocate memory; free memory, raise the container's"));
}

TEST(Mapping, PopulatingThatFailsOtherwiseHasNoAdvice) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    scripted_kernel script;
    script.fail(SYS_madvise, EINVAL);
    EXPECT_EQ(complaint_of([&] { held.populate_for_write(0, page); }),
              "cannot populate memory '4096 bytes': Invalid argument");
}

TEST(Mapping, SealedMemoryIsMappedAndNotCopied) {
    const descriptor memory = create_memfd("test", page);
    mapping::read_write(memory, page).data()[7] = std::byte{5};
    add_seals(memory, seals::write | seals::shrink);
    const mapping held = mapping::read_only_sealed(memory, page);
    EXPECT_EQ(held.data()[7], std::byte{5});
    EXPECT_EQ(inspect_memory(memory).allocated_bytes, page);
}

TEST(Mapping, PopulatingForReadingFillsHolesToo) {
    const descriptor memory = create_memfd("test", 4 * page);
    mapping held = mapping::read_only(memory, 4 * page);
    held.populate_for_read(0, 2 * page);
    EXPECT_EQ(inspect_memory(memory).allocated_bytes, 2 * page);
}

TEST(Mapping, LockingSaysWhatToRaise) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    scripted_kernel script;
    script.fail(SYS_mlock, ENOMEM);
    EXPECT_EQ(complaint_of([&] { held.lock(0, page); }),
              "cannot lock memory '4096 bytes': Cannot allocate memory; raise the limit of locked "
              "memory (ulimit -l), or do not lock");
    EXPECT_EQ(complaint_of([&] { held.lock(0, page); }), "no error");
}

TEST(Mapping, ARangeThatLeavesTheMappingBreaksTheContract) {
    mapping held = mapping::read_write(create_memfd("test", page), page);
    EXPECT_THROW(held.populate_for_write(page, 1), contract_violation);
    EXPECT_THROW(held.lock(page, 1), contract_violation);
    EXPECT_THROW(held.populate_for_write(page + 1, 0), contract_violation);
    EXPECT_THROW(held.populate_for_write(1, ~std::size_t{0}), contract_violation);
}

}  // namespace
}  // namespace signet::os
