// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/memory_plan.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/wire/describe.hpp>

#include <gtest/gtest.h>

#include <array>

namespace signet::transport::shm {
namespace {

using testing::complaint_of;

constexpr std::uint64_t page = memory::page_bytes;
constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = kibibyte * kibibyte;

struct small {
    std::uint64_t number;
};

struct large {
    std::array<std::byte, mebibyte> bytes;
};

template <class T>
memory_plan plan_of(const publisher_options& options) {
    return plan_memory(options, wire::descriptor_of<T>());
}

/// Eight messages of a mebibyte, two loans, four holds.
constexpr publisher_options eight{.depth = 8, .loans_max = 2, .held_total = 4};

std::string refusal(const memory_plan& plan, const os::memory_limits& limits) {
    return complaint_of([&] { require_memory(plan, limits, "t"); });
}

TEST(MemoryPlan, SmallMessagesTakeTheirRingAtOnceAndNothingLater) {
    const memory_plan plan = plan_of<small>({.depth = 256});
    EXPECT_EQ(plan.ring_bytes, 256 * plan.slot_bytes + 2 * page);
    EXPECT_EQ(plan.bytes_at_creation, plan.ring_bytes);
    EXPECT_EQ(plan.bytes_full, plan.ring_bytes);
    EXPECT_EQ(plan.bytes_max, plan.ring_bytes);
    EXPECT_EQ(plan.address_bytes, plan.ring_bytes);
}

TEST(MemoryPlan, LargeMessagesTakeAChunkEachWhenTheyCome) {
    const memory_plan plan = plan_of<large>(eight);
    EXPECT_EQ(plan.bytes_at_creation, plan.ring_bytes);
    EXPECT_EQ(plan.bytes_full, plan.ring_bytes + 10 * mebibyte);
    EXPECT_EQ(plan.bytes_max, plan.ring_bytes + 14 * mebibyte);
    EXPECT_EQ(plan.address_bytes, plan.bytes_max);
}

TEST(MemoryPlan, PrefaultedAFullRingIsThereFromTheStart) {
    publisher_options options = eight;
    options.memory = paging::prefaulted;
    const memory_plan plan = plan_of<large>(options);
    EXPECT_EQ(plan.chunks_at_creation, 10u);
    EXPECT_EQ(plan.bytes_at_creation, plan.bytes_full);
}

TEST(MemoryPlan, HugePagesAreWholeAndTakenAtOnce) {
    publisher_options options = eight;
    options.pages = page_size::huge;
    const memory_plan plan = plan_of<large>(options);
    EXPECT_EQ(plan.huge_pages(), 6u);  // 10 MiB, and a little
    EXPECT_EQ(plan.segment_bytes_at_creation(), 12 * mebibyte);
}

TEST(MemoryPlan, WhatGrowsLaterIsSaidAndNotCounted) {
    const memory_plan plan = plan_memory({.depth = 8}, wire::bytes_descriptor());
    EXPECT_TRUE(plan.grows());
    EXPECT_EQ(plan.bytes_full, plan.ring_bytes + 10 * kibibyte + 2 * kibibyte);  // whole pages
    EXPECT_FALSE(plan_of<large>(eight).grows());
}

TEST(MemoryPlan, WhatFitsIsNotRefused) {
    const memory_plan plan = plan_of<large>(eight);
    EXPECT_EQ(refusal(plan, {.free_bytes = plan.bytes_full}), "no error");
    EXPECT_EQ(refusal(plan, {}), "no error");
}

TEST(MemoryPlan, WhatDoesNotFitIsRefusedWithWhatToLower) {
    const os::memory_limits limits{.free_bytes = 5 * mebibyte, .free_where = "the group"};
    EXPECT_EQ(refusal(plan_of<large>(eight), limits),
              "cannot publish topic 't': Cannot allocate memory; a full ring takes 10 MiB (10 "
              "chunks of 1 MiB), and the group has 5 MiB left; lower depth, history, loans_max or "
              "the size of a message");
}

TEST(MemoryPlan, WhatSpansMoreThanAFileMayIsRefused) {
    EXPECT_EQ(refusal(plan_of<large>(eight), {.file_bytes_max = 13 * mebibyte}),
              "cannot publish topic 't': limit reached; its memory spans 14 MiB, and the "
              "limit of file sizes (ulimit -f) leaves 13 MiB; raise that limit, or lower depth, "
              "history, loans_max or the size of a message, or held_total");
}

TEST(MemoryPlan, WhatSpansMoreThanTheAddressesLeftIsRefused) {
    const std::string text = refusal(plan_of<small>({}), {.address_bytes_left = page});
    EXPECT_NE(text.find("the limit of addresses (ulimit -v) leaves 4 KiB"), text.npos) << text;
}

TEST(MemoryPlan, HugePagesThatAreMissingAreCounted) {
    publisher_options options = eight;
    options.pages = page_size::huge;
    const std::string text =
        refusal(plan_of<large>(options), {.huge_pages_total = 9, .huge_pages_free = 2});
    EXPECT_TRUE(
        text.ends_with("it needs 12 MiB of huge pages, and 4 MiB of them are free; reserve "
                       "them with sysctl vm.nr_hugepages=13, or use page_size::standard"))
        << text;
}

TEST(MemoryPlan, HugePagesNeedNoOtherFreeMemory) {
    publisher_options options = eight;
    options.pages = page_size::huge;
    EXPECT_EQ(refusal(plan_of<large>(options), {.free_bytes = 0, .huge_pages_free = 6}),
              "no error");
}

TEST(MemoryPlan, ItIsReadByPeople) {
    EXPECT_EQ(to_text(plan_of<large>(eight)),
              "ring        12 KiB: 8 slots of 32 B\n"
              "at creation 12 KiB: the ring, 0 chunks of 1 MiB, on demand\n"
              "ring full   10 MiB: the ring, 10 chunks of 1 MiB\n"
              "at most     14 MiB: the ring, 14 chunks of 1 MiB, if subscribers hold all they may\n"
              "addresses   14 MiB, here and in each subscriber\n");
}

TEST(MemoryPlan, BytesAreReadByPeople) {
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(1023), "1023 B");
    EXPECT_EQ(bytes_text(1536), "1.5 KiB");
    EXPECT_EQ(bytes_text(5 * mebibyte), "5 MiB");
    EXPECT_EQ(bytes_text(mebibyte << 30), "1024 TiB");
}

}  // namespace
}  // namespace signet::transport::shm
