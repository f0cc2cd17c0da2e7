// SPDX-License-Identifier: Apache-2.0
// What a peer hands over as its memory is judged by what the kernel says of it. Each of these could
// be changed, cut short or punched under its reader.
#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/transport/shm/shared_memory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace signet::tests {
namespace {

using os::seals;
using transport::shm::map_group_memory;
using transport::shm::map_peer_memory;

constexpr std::uint64_t bytes = 2 * memory::page_bytes;
constexpr seals all = seals::shrink | seals::grow | seals::seal | seals::future_write;

os::descriptor memory_of(std::uint64_t size, seals added) {
    auto file = os::create_memfd("hostile", size);
    if (added != seals::none) os::add_seals(file, added);
    return file;
}

std::string complaint_about(const os::descriptor& file) {
    return testing::complaint_of([&] { map_peer_memory(file, {.bytes = bytes, .used_bytes = 0}); });
}

void expect_refused(const os::descriptor& file, const std::string& why) {
    const int before = testing::open_descriptors();
    EXPECT_NE(complaint_about(file).find(why), std::string::npos) << complaint_about(file);
    EXPECT_EQ(testing::open_descriptors(), before);
}

TEST(HostileDescriptor, MemoryAsItMustBeIsTaken) {
    EXPECT_EQ(complaint_about(memory_of(bytes, all)), "no error");
}

TEST(HostileDescriptor, MemoryWithoutOneOfTheSealsIsRefused) {
    constexpr std::string_view why = "sealed";
    expect_refused(memory_of(bytes, seals::none), std::string{why});
    expect_refused(memory_of(bytes, seals::grow | seals::seal | seals::future_write), "sealed");
    expect_refused(memory_of(bytes, seals::shrink | seals::seal | seals::future_write), "sealed");
    expect_refused(memory_of(bytes, seals::shrink | seals::grow | seals::seal), "sealed");
    expect_refused(memory_of(bytes, seals::shrink | seals::grow | seals::future_write), "sealed");
}

TEST(HostileDescriptor, MemoryOfAnotherSizeThanAnnouncedIsRefused) {
    expect_refused(memory_of(bytes - memory::page_bytes, all), "size");
    expect_refused(memory_of(bytes + memory::page_bytes, all), "size");
    expect_refused(memory_of(0, all), "size");
    expect_refused(memory_of(std::uint64_t{1} << 40, all), "size");
}

TEST(HostileDescriptor, WhatIsNotMemoryIsRefused) {
    int pipe_ends[2];
    ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
    const os::descriptor reading{pipe_ends[0]};
    const os::descriptor writing{pipe_ends[1]};
    const os::event event;
    expect_refused(reading, "plain memory");
    expect_refused(writing, "plain memory");
    expect_refused(event.handle(), "plain memory");
    expect_refused(os::descriptor{open("/dev/zero", O_RDWR | O_CLOEXEC)}, "plain memory");
    expect_refused(os::descriptor{open("/", O_PATH | O_CLOEXEC)}, "");
    expect_refused(os::descriptor{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}, "plain memory");
}

TEST(HostileDescriptor, AFileWithANameIsRefused) {
    const testing::temporary_directory place;
    const std::string path = place.path() + "/file";
    const os::descriptor file{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    ASSERT_EQ(ftruncate(file.get(), bytes), 0);
    EXPECT_NE(complaint_about(file), "no error");
}

TEST(HostileDescriptor, HugePagesAreRefused) {
    constexpr std::uint64_t huge = std::uint64_t{2} << 20;
    const int fd = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
    ASSERT_GE(fd, 0) << "this kernel has no huge pages to refuse";
    const os::descriptor file{fd};
    ASSERT_EQ(ftruncate(fd, huge), 0);
    os::add_seals(file, all);
    const auto complaint =
        testing::complaint_of([&] { map_peer_memory(file, {.bytes = huge, .used_bytes = 0}); });
    EXPECT_NE(complaint.find("huge pages"), std::string::npos) << complaint;
}

TEST(HostileDescriptor, ABellPageThatCouldShrinkIsRefused) {
    const auto file = memory_of(memory::page_bytes, seals::grow | seals::seal);
    const auto complaint =
        testing::complaint_of([&] { map_group_memory(file, memory::page_bytes); });
    EXPECT_NE(complaint.find("sealed"), std::string::npos) << complaint;
}

}  // namespace
}  // namespace signet::tests
