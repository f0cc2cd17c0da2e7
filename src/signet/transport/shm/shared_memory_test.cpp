// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/shared_memory.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/memory_limits.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::transport::shm {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

constexpr std::uint64_t page = memory::page_bytes;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::uint64_t allocated(const shared_memory& memory) {
    return os::inspect_memory(memory.file).allocated_bytes;
}

TEST(SharedMemory, ItIsSparseUntilItIsUsed) {
    EXPECT_EQ(allocated(create_own_memory("test", 8 * page)), 0u);
}

TEST(SharedMemory, WhatAPeerWroteIsRead) {
    const shared_memory own = create_own_memory("test", page);
    own.bytes.data()[7] = std::byte{3};
    const os::mapping seen = map_peer_memory(own.file, {.bytes = page, .used_bytes = page});
    EXPECT_EQ(seen.data()[7], std::byte{3});
}

TEST(SharedMemory, HolesThatAPeerLeftInWhatIsUsedAreFilled) {
    const shared_memory own = create_own_memory("test", 4 * page);
    map_peer_memory(own.file, {.bytes = 4 * page, .used_bytes = 2 * page});
    EXPECT_EQ(allocated(own), 2 * page);
}

TEST(SharedMemory, WithoutMemoryForTheHolesThereIsAnErrorAndNoSignal) {
    const shared_memory own = create_own_memory("test", page);
    scripted_kernel script;
    script.fail(SYS_fallocate, ENOSPC);
    EXPECT_TRUE(contains(
        complaint_of([&] { map_peer_memory(own.file, {.bytes = page, .used_bytes = page}); }),
        "cannot allocate shared memory"));
}

TEST(SharedMemory, ABellPageIsFilledTooBeforeAnybodyRings) {
    const shared_memory bells = create_group_memory("test", page);
    map_group_memory(bells.file, page);
    EXPECT_EQ(allocated(bells), page);
}

TEST(SharedMemory, OneOfAnotherSizeIsRefused) {
    const shared_memory own = create_own_memory("test", 2 * page);
    EXPECT_TRUE(
        contains(complaint_of([&] { map_peer_memory(own.file, {.bytes = page, .used_bytes = 0}); }),
                 "it has not the size that was announced"));
}

TEST(SharedMemory, OneThatOthersMayWriteIsRefusedAsAPeersOwn) {
    const shared_memory bells = create_group_memory("test", page);
    EXPECT_TRUE(contains(
        complaint_of([&] { map_peer_memory(bells.file, {.bytes = page, .used_bytes = 0}); }),
        "it is not sealed as it must be"));
}

TEST(SharedMemory, HugePagesOfAnotherUserAreRefused) {
    const shared_memory own = create_own_memory("test", page, page_size::huge);
    EXPECT_TRUE(
        contains(complaint_of([&] { map_peer_memory(own.file, {.bytes = page, .used_bytes = 0}); }),
                 "it lies in huge pages of another user"));
}

TEST(SharedMemory, HugePagesOfOurOwnUserAreMappedWhole) {
    const shared_memory own = create_own_memory("test", page, page_size::huge);
    const os::mapping seen =
        map_peer_memory(own.file, {.bytes = page, .used_bytes = 0, .huge_pages = true});
    EXPECT_EQ(seen.size(), os::huge_page_bytes);
}

}  // namespace
}  // namespace signet::transport::shm
