// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_format.hpp>

#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace signet::pattern {
namespace {

using testing::bytes_of;
using testing::text_of;

constexpr group_place place{.segment_id = 77, .position = 8192};
constexpr std::uint64_t segment_bytes = 65536;

std::vector<std::byte> two_entries() {
    const std::vector<log_entry> entries{
        {entry_kind::pushed, 5, bytes_of("fields"), bytes_of("payload")}, {.identity = 3}};
    os::direct_buffer bytes;
    make_group(bytes, place, 9, entries);
    return {bytes.begin(), bytes.end()};
}

group_head head_of(const std::vector<std::byte>& bytes) {
    group_head head;
    std::memcpy(&head, bytes.data(), sizeof head);
    return head;
}

// Whether this is a group, whatever its length says.
bool is_whole(const std::vector<std::byte>& bytes, const group_place& at) {
    const group_head head = head_of(bytes);
    std::vector<log_entry> entries;
    if (!is_sound(head, at, segment_bytes) || head.bytes > bytes.size()) return false;
    return take_group(std::span{bytes}.first(head.bytes), at, entries);
}

TEST(LogFormatTest, AGroupHoldsItsEntries) {
    const std::vector<std::byte> bytes = two_entries();
    std::vector<log_entry> entries;
    ASSERT_TRUE(take_group(std::span{bytes}.first(head_of(bytes).bytes), place, entries));
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(text_of(entries[0].fields) + text_of(entries[0].payload), "fieldspayload");
    EXPECT_EQ(entries[0].identity, 5U);
    EXPECT_EQ(entries[1].kind, entry_kind::done);
    EXPECT_EQ(head_of(bytes).tickets, 9U);
}

TEST(LogFormatTest, AGroupFillsWholeBlocks) {
    EXPECT_EQ(two_entries().size(), log_block_bytes);
    const std::string large(log_block_bytes, 'x');
    const log_entry entry{entry_kind::pushed, 1, {}, bytes_of(large)};
    EXPECT_EQ(group_bytes(std::span{&entry, 1}), 2 * log_block_bytes);
}

TEST(LogFormatTest, AGroupIsOneOfItsPlaceOnly) {
    const std::vector<std::byte> bytes = two_entries();
    EXPECT_TRUE(is_whole(bytes, place));
    EXPECT_FALSE(is_whole(bytes, {place.segment_id, place.position + log_block_bytes}));
    EXPECT_FALSE(is_whole(bytes, {place.segment_id + 1, place.position}));
    EXPECT_FALSE(is_sound(head_of(bytes), place, place.position + 100));
}

TEST(LogFormatTest, EveryFlippedByteOfAGroupIsFound) {
    const std::vector<std::byte> bytes = two_entries();
    for (std::size_t i = 0; i < head_of(bytes).bytes; ++i) {
        std::vector<std::byte> flipped = bytes;
        flipped[i] ^= std::byte{0xff};
        EXPECT_FALSE(is_whole(flipped, place)) << i;
    }
}

TEST(LogFormatTest, EveryFlippedByteOfAnEntryIsFound) {
    const std::vector<std::byte> bytes = two_entries();
    const log_entry entry{entry_kind::pushed, 5, bytes_of("fields"), bytes_of("payload")};
    const std::size_t used = sizeof(entry_head) + 13;
    for (std::size_t i = 0; i < used; ++i) {
        std::vector<std::byte> flipped = bytes;
        flipped[sizeof(group_head) + i] ^= std::byte{0xff};
        EXPECT_FALSE(entry_at(flipped, sizeof(group_head), place)) << i;
        EXPECT_TRUE(entry_at(flipped, sizeof(group_head) + entry.bytes(), place));
    }
}

TEST(LogFormatTest, EveryFlippedByteOfAHeaderIsFound) {
    segment_header header{.log = 1, .id = 2, .number = 3, .bytes = segment_bytes};
    seal(header);
    EXPECT_EQ(judge(header), header_state::sound);
    for (std::size_t i = 0; i < sizeof header; ++i) {
        segment_header flipped = header;
        std::as_writable_bytes(std::span{&flipped, 1})[i] ^= std::byte{0xff};
        EXPECT_EQ(judge(flipped), header_state::damaged) << i;
    }
}

TEST(LogFormatTest, AHeaderOfTheFutureIsKnownAsOne) {
    segment_header header{.version = 2, .number = 3, .bytes = 1};
    seal(header);
    EXPECT_EQ(judge(header), header_state::of_the_future);
}

}  // namespace
}  // namespace signet::pattern
