// SPDX-License-Identifier: Apache-2.0
#include <tour/hash_book.hpp>
#include <tour/ledger.hpp>
#include <tour/messages.hpp>
#include <tour/rates.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace tour {
namespace {

TEST(Check, KnowsASealedMessage) {
    telemetry message{};
    message.number = 3;
    seal(message);
    EXPECT_TRUE(whole(message));
}

TEST(Check, NoticesEveryChangedByte) {
    telemetry message{};
    seal(message);
    auto* const bytes = reinterpret_cast<unsigned char*>(&message);
    for (std::size_t i = 0; i < sizeof message; ++i) {
        bytes[i] ^= 1;
        EXPECT_FALSE(whole(message)) << i;
        bytes[i] ^= 1;
    }
}

TEST(Check, NoticesWordsThatChangedPlaces) {
    telemetry message{};
    message.load_milli = 1;
    seal(message);
    std::swap(message.load_milli, message.memory_total_kib);
    EXPECT_FALSE(whole(message));
}

TEST(Check, CoversTheUsedDataOfAChunkOnly) {
    auto piece = std::make_unique<chunk>();
    piece->used = 11;
    seal(*piece);
    piece->data[11] = std::byte{1};
    EXPECT_TRUE(whole(*piece));
    piece->data[10] = std::byte{1};
    EXPECT_FALSE(whole(*piece));
}

TEST(Check, BearsASizeThatIsALie) {
    auto piece = std::make_unique<chunk>();
    piece->used = 0xFFFF'FFFF;
    EXPECT_FALSE(whole(*piece));
}

TEST(Text, IsCutAtTheEndOfItsField) {
    std::array<char, 4> field{};
    put_text(field, "abcdef");
    EXPECT_EQ(get_text(field), "abcd");
    put_text(field, "x");
    EXPECT_EQ(get_text(field), "x");
}

TEST(Ledger, GivesEachSlotACounterOfItsOwn) {
    const ledger book;
    book[0].store(1);
    book[1].store(2);
    EXPECT_EQ(book[0].load(), 1u);
    EXPECT_EQ(book[ledger::slots + 1].load(), 2u);
}

role_stats report(int pid, std::int64_t when_ns, std::uint64_t messages) {
    role_stats stats{};
    stats.pid = pid;
    stats.sent_ns = when_ns;
    stats.messages = messages;
    stats.bytes = messages * 10;
    return stats;
}

TEST(RateMeter, TellsTheDifferenceOverTheLastSecond) {
    rate_meter meter;
    meter.note(report(1, 0, 0));
    meter.note(report(1, 500'000'000, 100));
    EXPECT_DOUBLE_EQ(meter.messages_per_s(), 200);
    EXPECT_DOUBLE_EQ(meter.bytes_per_s(), 2000);
    meter.note(report(1, 1'500'000'000, 100));
    EXPECT_DOUBLE_EQ(meter.messages_per_s(), 0);
}

TEST(RateMeter, BeginsAnewWithAnotherProcess) {
    rate_meter meter;
    meter.note(report(1, 0, 1000));
    meter.note(report(2, 500'000'000, 1));
    EXPECT_DOUBLE_EQ(meter.messages_per_s(), 0);
}

file_hash hash_of(const char* name, std::uint64_t size, const char* digest) {
    file_hash result{};
    put_text(result.name, name);
    put_text(result.digest, digest);
    result.size = size;
    return result;
}

TEST(HashBook, KeepsTheLatestDigestOfEachFile) {
    hash_book book;
    book.note(hash_of("a", 1, "one"));
    book.note(hash_of("a", 2, "two"));
    book.note(hash_of("b", 1, "one"));
    EXPECT_EQ(book.files().size(), 2u);
    EXPECT_EQ(book.files().at("a").digest, "two");
    EXPECT_EQ(book.hashes(), 3u);
    EXPECT_EQ(book.contradictions(), 0u);
}

TEST(HashBook, CountsTwoDigestsOfAnUnchangedFileAsAContradiction) {
    hash_book book;
    book.note(hash_of("a", 1, "one"));
    book.note(hash_of("a", 1, "two"));
    EXPECT_EQ(book.contradictions(), 1u);
}

}  // namespace
}  // namespace tour
