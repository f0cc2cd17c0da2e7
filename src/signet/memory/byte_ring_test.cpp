// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/byte_ring.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace signet::memory {
namespace {

constexpr byte_ring_geometry geometry{.lap_bytes = 256, .payload_bytes_max = 300};
constexpr std::uint64_t records_of_a_lap = geometry.lap_bytes / line_bytes;  // small ones
constexpr std::uint64_t bit = 1;

struct alignas(page_bytes) page {
    std::byte bytes[page_bytes];
};

class ByteRing : public ::testing::Test {
protected:
    struct free_memory {
        void operator()(std::byte* memory) const { std::free(memory); }
    };

    static std::byte* fresh() {
        void* const memory = std::aligned_alloc(page_bytes, geometry.segment_bytes());
        std::memset(memory, 0, geometry.segment_bytes());
        return static_cast<std::byte*>(memory);
    }

    bool try_send(const std::string& text, beside what = beside::nothing) {
        if (!writer_.has_room() &&
            (!writer_.note_reader(own_.lap.load(std::memory_order_relaxed)) ||
             !writer_.has_room())) {
            return false;
        }
        if (!writer_.has_memory(text.size(), what)) {
            writer_.made_memory(writer_.wanted_memory(text.size(), what));
        }
        std::memcpy(writer_.payload(), text.data(), text.size());
        writer_.commit(text.size(), what);
        return true;
    }

    byte_result look() {
        byte_result result = reader_.try_next(view_);
        while (result == byte_result::absent) {
            reader_.made_memory(reader_.wanted_memory());
            result = reader_.try_next(view_);
        }
        return result;
    }

    std::string take() {
        reader_.release();
        if (look() != byte_result::message) return "nothing";
        return {reinterpret_cast<const char*>(view_.data()), view_.size()};
    }

    shared_word<std::uint64_t>& word(std::uint64_t lap, std::uint64_t offset) {
        return *reinterpret_cast<shared_word<std::uint64_t>*>(segment_.get() +
                                                              geometry.half_offset(lap) + offset);
    }
    void forge(std::uint64_t value, std::uint64_t lap = 0, std::uint64_t offset = 0) {
        word(lap, offset).store(value, std::memory_order_relaxed);
    }

    std::unique_ptr<std::byte, free_memory> segment_{fresh()};
    ring_page own_{};  // the reader's
    byte_ring_writer writer_{segment_.get(), geometry};
    byte_ring_reader reader_{segment_.get(), geometry, own_};
    std::span<const std::byte> view_;
};

TEST_F(ByteRing, IsEmptyAtFirst) {
    EXPECT_EQ(look(), byte_result::empty);
    EXPECT_FALSE(reader_.anything_there());
    EXPECT_FALSE(reader_.at_end());
}

TEST_F(ByteRing, CarriesMessagesInOrder) {
    for (const char* text : {"one", "", "three"}) EXPECT_TRUE(try_send(text));
    EXPECT_TRUE(reader_.anything_there());
    for (const char* text : {"one", "", "three", "nothing"}) EXPECT_EQ(take(), text);
}

TEST_F(ByteRing, CarriesAllLengthsThroughManyLaps) {
    for (std::size_t i = 0; i < 3000; ++i) {
        const std::string text(i * 7 % (geometry.payload_bytes_max + 1), static_cast<char>(i));
        ASSERT_TRUE(try_send(text)) << i;
        ASSERT_TRUE(take() == text) << i;
    }
    EXPECT_EQ(reader_.received(), writer_.sent());
}

TEST_F(ByteRing, ASmallMessageLiesInOneLine) {
    try_send(std::string(48, 'x'));
    take();
    const auto at = reinterpret_cast<std::uintptr_t>(view_.data());
    EXPECT_EQ(at / line_bytes, (at + 47) / line_bytes);
    EXPECT_EQ(at % line_bytes, word_bytes);
}

TEST_F(ByteRing, IsFullWhenBothHalvesAre) {
    std::uint64_t sent = 0;
    while (try_send("x")) ++sent;
    EXPECT_EQ(sent, 2 * records_of_a_lap);
    for (std::uint64_t i = 0; i < records_of_a_lap; ++i) take();
    EXPECT_FALSE(try_send("x")) << "the last message of the lap is still being read";
    take();
    EXPECT_TRUE(try_send("x"));
}

TEST_F(ByteRing, HasRoomForTheLargestMessageBesideOneThatIsRead) {
    const std::string large(geometry.payload_bytes_max, 'x');
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(try_send(large)) << i;
        ASSERT_EQ(look(), byte_result::message);
        ASSERT_TRUE(try_send("beside it"));
        ASSERT_EQ(take(), "beside it");
    }
}

TEST_F(ByteRing, WhatIsReadIsNotOverwrittenUntilItIsReleased) {
    try_send("kept");
    take();
    while (try_send("other")) continue;
    EXPECT_EQ(std::memcmp(view_.data(), "kept", 4), 0);
}

// Payloads that look like the word of the next message wherever one could be expected.
TEST_F(ByteRing, DoesNotTakeOldBytesForAMessage) {
    for (std::uint64_t i = 0; i < 500; ++i) {
        std::string text(i * 40 % 300, '\0');
        for (std::size_t at = 0; at + word_bytes <= text.size(); at += word_bytes) {
            const std::uint64_t fake = record_word::of(i + 1 + at % 11, 8);
            std::memcpy(text.data() + at, &fake, word_bytes);
        }
        ASSERT_TRUE(try_send(text)) << i;
        ASSERT_TRUE(take() == text) << i;
        reader_.release();
        ASSERT_EQ(look(), byte_result::empty) << i;
    }
}

TEST_F(ByteRing, TellsWhichMessagesHaveFilesBesideThem) {
    try_send("with files", beside::files);
    try_send("without");
    EXPECT_EQ(look(), byte_result::accompanied);
    EXPECT_EQ(view_.size(), std::strlen("with files"));
    EXPECT_EQ(take(), "without");
}

TEST_F(ByteRing, TellsTheEndBehindTheLastMessage) {
    try_send("last words");
    writer_.end();
    EXPECT_FALSE(reader_.at_end());
    EXPECT_EQ(take(), "last words");
    EXPECT_TRUE(reader_.at_end());
}

TEST_F(ByteRing, MessagesAreTakenThoughTheEndWasForged) {
    reinterpret_cast<ring_page*>(segment_.get())->ended.store(77, std::memory_order_relaxed);
    EXPECT_FALSE(reader_.at_end());
    try_send("still there");
    EXPECT_EQ(take(), "still there");
}

// ---- garbage ------------------------------------------------------------------------------------

TEST_F(ByteRing, GarbageAtTheBeginningOfALapIsNoMessage) {
    for (const std::uint64_t garbage : {bit, bit << 62, ~bit, record_word::of(1, 8)}) {
        forge(garbage);
        EXPECT_EQ(look(), byte_result::empty) << garbage;
    }
}

TEST_F(ByteRing, GarbageInsideALapIsTold) {
    try_send("one");
    take();
    for (const std::uint64_t garbage : {bit, bit << 63, ~bit, record_word::of(0, 8)}) {
        forge(garbage, 0, line_bytes);
        EXPECT_EQ(look(), byte_result::broken) << garbage;
        EXPECT_TRUE(reader_.anything_there());
    }
}

TEST_F(ByteRing, AMessageLongerThanThereCanBeIsTold) {
    for (const std::uint64_t bytes : {geometry.payload_bytes_max + 1, record_word::bytes_max,
                                      bit << 29, bit << 31, std::uint64_t{0xffff'ffff}}) {
        forge(record_word::of(0, bytes));
        EXPECT_EQ(look(), byte_result::broken) << bytes;
    }
}

TEST_F(ByteRing, EveryBitOfAWordIsChecked) {
    try_send("message");
    const std::uint64_t right = word(0, 0).load(std::memory_order_relaxed);
    for (int i = 0; i < 64; ++i) {
        forge(right ^ bit << i);
        if (look() != byte_result::message) continue;
        EXPECT_LE(view_.size(), geometry.payload_bytes_max) << "bit " << i;
        return;  // another length that there can be: the next message is not where it should be
    }
    ADD_FAILURE() << "no length was taken";
}

TEST_F(ByteRing, AReaderThatClaimsWhatWasNeverSentIsTold) {
    EXPECT_FALSE(writer_.note_reader(1));
    while (try_send("x")) continue;
    EXPECT_TRUE(writer_.note_reader(1));
    EXPECT_FALSE(writer_.note_reader(0)) << "it goes back";
    EXPECT_FALSE(writer_.note_reader(~std::uint64_t{0}));
    EXPECT_TRUE(writer_.note_reader(2));
}

TEST(ByteRingGeometry, WhatCannotBeIsNotSound) {
    using g = byte_ring_geometry;
    EXPECT_TRUE(geometry.sound());
    for (const g wrong : {g{0, 1}, g{100, 1}, g{64, 0}, g{64, record_word::bytes_max + 1},
                          g{~bit << 6, 1}, g{g::lap_bytes_max + 64, 1}}) {
        EXPECT_FALSE(wrong.sound()) << wrong.lap_bytes << ' ' << wrong.payload_bytes_max;
    }
}

TEST(ByteRingGeometry, ALapHasRoomForSoManyMessagesWithFilesAndNoMore) {
    for (const std::uint64_t lap : {64u, 4096u, 4160u, 1u << 20, (1u << 20) + 64}) {
        const byte_ring_geometry any{.lap_bytes = lap, .payload_bytes_max = 100};
        const std::uint64_t step = any.step_bytes(1, beside::files);
        EXPECT_LE((lap + step - 1) / step, byte_ring_geometry::lap_files_max) << lap;
        EXPECT_GE(step, any.step_bytes(1, beside::nothing)) << lap;
    }
}

std::uint64_t count_accompanied(byte_ring_reader& reader) {
    std::uint64_t count = 0;
    std::span<const std::byte> view;
    for (;;) {
        const byte_result found = reader.try_next(view);
        if (found == byte_result::absent) reader.made_memory(reader.wanted_memory());
        if (found == byte_result::accompanied) ++count;
        if (found == byte_result::empty || found == byte_result::broken) return count;
    }
}

TEST(ByteRingGeometry, TheStepBehindAMessageWithFilesMayLeaveItsHalf) {
    constexpr byte_ring_geometry wide{.lap_bytes = 1 << 20, .payload_bytes_max = 10};
    static_assert(wide.lap_bytes + wide.step_bytes(1, beside::files) > wide.half_bytes());
    const auto segment = std::make_unique<page[]>(wide.segment_bytes() / page_bytes);
    ring_page own{};
    byte_ring_writer writer{segment[0].bytes, wide};
    byte_ring_reader reader{segment[0].bytes, wide, own};
    for (std::uint64_t i = 0; i < 2 * byte_ring_geometry::lap_files_max; ++i) {
        writer.made_memory(writer.wanted_memory(10, beside::files));
        ASSERT_TRUE(writer.has_room() || writer.note_reader(0));
        writer.commit(10, beside::files);
    }
    EXPECT_EQ(count_accompanied(reader), writer.sent());
    EXPECT_FALSE(writer.has_room());
}

TEST(ByteRingGeometry, MemoryIsAskedForInGrowingStepsUpToTheWholeHalf) {
    constexpr byte_ring_geometry large{.lap_bytes = 1 << 20, .payload_bytes_max = 1000};
    half_memory memory{large};
    std::uint64_t steps = 0;
    for (std::uint64_t used = 64; used <= large.half_bytes(); used += 64) {
        if (memory.reaches(1, used)) continue;
        memory.made(1, memory.wanted(1, used));
        ASSERT_TRUE(memory.reaches(1, used));
        ++steps;
    }
    EXPECT_LT(steps, 30u);
    EXPECT_FALSE(memory.reaches(0, 1));
    EXPECT_FALSE(memory.reaches(1, large.half_bytes() + 1));
}

}  // namespace
}  // namespace signet::memory
