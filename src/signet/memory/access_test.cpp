// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/access.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace signet::memory {
namespace {

std::vector<access_kind> seen;

void note(access_kind kind, const void*) {
    seen.push_back(kind);
}

class Access : public ::testing::Test {
protected:
    void SetUp() override {
        seen.clear();
        current_access_hook = &note;
    }
    void TearDown() override { current_access_hook = nullptr; }
};

TEST_F(Access, EachOneIsToldToTheHookBeforeItHappens) {
    shared_word<std::uint64_t> word{};
    word.store(1, std::memory_order_relaxed);
    word.load(std::memory_order_relaxed);
    word.fetch_or(2, std::memory_order_relaxed);
    fence(std::memory_order_seq_cst);
    EXPECT_EQ(seen, (std::vector{access_kind::store, access_kind::load, access_kind::exchange,
                                 access_kind::fence}));
}

TEST_F(Access, WithoutAHookNothingIsTold) {
    current_access_hook = nullptr;
    shared_word<std::uint32_t> word{};
    word.fetch_add(5, std::memory_order_relaxed);
    EXPECT_TRUE(seen.empty());
}

TEST_F(Access, AFailedExchangeTellsWhatIsThere) {
    shared_word<std::uint32_t> word{};
    word.store(7, std::memory_order_relaxed);
    std::uint32_t expected = 6;
    EXPECT_FALSE(word.compare_exchange(expected, 8, std::memory_order_seq_cst));
    EXPECT_EQ(expected, 7u);
}

TEST_F(Access, BytesOfAnyLengthComeOutAsTheyWentIn) {
    for (std::size_t bytes = 0; bytes <= 48; ++bytes) {
        std::array<shared_word<std::uint64_t>, 6> words{};
        std::array<unsigned char, 48> in{};
        std::array<unsigned char, 48> out{};
        for (std::size_t i = 0; i < bytes; ++i) in[i] = static_cast<unsigned char>(i + 1);
        copy_in(words.data(), in.data(), bytes);
        copy_out(out.data(), words.data(), bytes);
        EXPECT_EQ(in, out) << bytes;
    }
}

TEST_F(Access, TheRestOfTheLastWordIsZeroed) {
    shared_word<std::uint64_t> word{};
    word.store(~std::uint64_t{0}, std::memory_order_relaxed);
    const unsigned char one = 9;
    copy_in(&word, &one, 1);
    EXPECT_EQ(word.load(std::memory_order_relaxed), 9u);
}

TEST_F(Access, ACopyTouchesOnlyTheWordsItNeeds) {
    std::array<shared_word<std::uint64_t>, 6> words{};
    std::array<unsigned char, 48> bytes{};
    copy_out(bytes.data(), words.data(), 17);
    EXPECT_EQ(seen.size(), 3u);
}

}  // namespace
}  // namespace signet::memory
