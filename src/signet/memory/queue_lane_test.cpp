// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_lane.hpp>

#include <signet/memory/queue_reader.hpp>
#include <signet/memory/queue_recovery.hpp>
#include <signet/memory/queue_test_bed.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace signet::memory {
namespace {

class QueueLane : public ::testing::Test {
protected:
    std::vector<std::string> pop_all() {
        std::vector<std::string> all;
        for (std::string one = bed_.pop(reader_); one != "-"; one = bed_.pop(reader_))
            all.push_back(one);
        return all;
    }
    int fill(queue_lane& lane, const std::string& text) {
        int count = 0;
        while (queue_bed::push(lane, text)) ++count;
        return count;
    }

    queue_bed bed_;
    queue_lane lane_ = bed_.lane(0);
    queue_reader reader_ = bed_.reader();
    const std::string long_ = std::string(100, 'x');
};

using texts = std::vector<std::string>;

TEST_F(QueueLane, MessagesComeInOrder) {
    for (const char* text : {"one", "", "two"}) queue_bed::push(lane_, text);
    EXPECT_EQ(pop_all(), (texts{"one", "", "two"}));
}

TEST_F(QueueLane, MessagesOfAllSizesAreWhole) {
    texts all;
    for (std::size_t bytes = 0; bytes <= 200; ++bytes) {
        all.push_back(std::string(bytes, static_cast<char>('a' + bytes % 26)));
        queue_bed::push(lane_, all.back());
        ASSERT_EQ(bed_.pop(reader_), all.back());
    }
}

TEST_F(QueueLane, MessagesGoOnOverManyPages) {
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(queue_bed::push(lane_, std::to_string(i)));
        ASSERT_EQ(bed_.pop(reader_), std::to_string(i));
    }
}

TEST_F(QueueLane, AFullQueueTakesMoreWhenAPageIsDone) {
    EXPECT_EQ(fill(lane_, long_), 32);
    EXPECT_FALSE(queue_bed::push(lane_, long_));
    for (int i = 0; i < 8; ++i) bed_.pop(reader_);
    EXPECT_EQ(fill(lane_, long_), 8);
}

TEST_F(QueueLane, AllPagesComeBack) {
    fill(lane_, long_);
    pop_all();
    EXPECT_TRUE(lane_.make_room(1, {}));
    EXPECT_EQ(bed_.free_pages(), 4u);
}

TEST_F(QueueLane, ALongMessageTakesARunOfPages) {
    const std::string text(2500, 'l');
    queue_bed::push(lane_, "before");
    ASSERT_TRUE(queue_bed::push(lane_, text));
    EXPECT_FALSE(queue_bed::push(lane_, text));
    EXPECT_EQ(pop_all(), (texts{"before", text}));
    EXPECT_TRUE(lane_.make_room(text.size(), {}));
    EXPECT_TRUE(queue_bed::push(lane_, text));
    EXPECT_EQ(pop_all(), texts{text});
}

TEST_F(QueueLane, ShortMessagesFollowALongOne) {
    const std::string text(1500, 'l');
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(queue_bed::push(lane_, text));
        ASSERT_TRUE(queue_bed::push(lane_, "short"));
        ASSERT_EQ(pop_all(), (texts{text, "short"}));
        ASSERT_TRUE(lane_.make_room(1500, {}));
    }
}

TEST_F(QueueLane, ExtrasTravelWithTheMessage) {
    record_facts facts{.pushed_ns = 5, .expires_ns = 9, .identity = 11};
    facts.id = message_id{{std::byte{1}, std::byte{2}}};
    facts.reply_to = "answers";
    facts.reason = dead_reason::refused;
    facts.former_priority = 1;
    facts.text = "why";
    queue_bed::push(lane_, "text", facts);
    const auto taken = reader_.take(queue_bed::owner(3));
    ASSERT_TRUE(taken && taken->sound);
    const record_facts& got = taken->record.facts;
    EXPECT_EQ(std::tie(got.pushed_ns, got.expires_ns, got.identity, got.former_priority),
              std::tie(facts.pushed_ns, facts.expires_ns, facts.identity, facts.former_priority));
    EXPECT_EQ(got.id, facts.id);
    EXPECT_EQ(got.reply_to, "answers");
    EXPECT_EQ(got.text, "why");
    EXPECT_EQ(got.reason, dead_reason::refused);
    EXPECT_EQ(queue_bed::text_of(taken->record), "text");
}

TEST_F(QueueLane, PrioritiesComeFirst) {
    queue_lane urgent = bed_.lane(1, 0);
    queue_lane usual = bed_.lane(0, 1);
    queue_bed::push(usual, "usual");
    EXPECT_EQ(bed_.pop(reader_), "usual");
    queue_bed::push(usual, "later");
    queue_bed::push(urgent, "urgent");
    EXPECT_EQ(pop_all(), (texts{"urgent", "later"}));
}

TEST_F(QueueLane, LanesComeInTurn) {
    queue_lane other = bed_.lane(1);
    for (const char* text : {"a", "b"}) queue_bed::push(lane_, text);
    for (const char* text : {"c", "d"}) queue_bed::push(other, text);
    EXPECT_EQ(pop_all(), (texts{"a", "c", "b", "d"}));
}

TEST_F(QueueLane, WhatWaitsBehindALoanComesAfterIt) {
    const auto loan = lane_.reserve(4, {});
    const record_place place = lane_.keep(*loan, 4, {}, queue_bed::owner(0));
    queue_bed::push(lane_, "next");
    EXPECT_EQ(pop_all(), texts{});
    queue_bed::write(*loan, "loan");
    EXPECT_TRUE(publish_loan(bed_.words, place, record_state::ready));
    EXPECT_EQ(pop_all(), (texts{"loan", "next"}));
}

TEST_F(QueueLane, ALoanThatIsDroppedHoldsUpNothing) {
    const auto loan = lane_.reserve(4, {});
    const record_place place = lane_.keep(*loan, 4, {}, queue_bed::owner(0));
    queue_bed::push(lane_, "next");
    EXPECT_TRUE(drop_loan(bed_.words, place));
    EXPECT_EQ(pop_all(), texts{"next"});
}

TEST_F(QueueLane, WhatIsGivenBackComesAgain) {
    queue_bed::push(lane_, "one");
    queue_bed::push(lane_, "two");
    const auto taken = reader_.take(queue_bed::owner(3));
    EXPECT_TRUE(return_record(bed_.words, taken->record.place, 0));
    reader_.forget();
    EXPECT_EQ(reader_.take(queue_bed::owner(3))->record.facts.deliveries, 2u);
    EXPECT_EQ(bed_.pop(reader_), "two");
}

TEST_F(QueueLane, WhatWasDecidedCannotBeDecidedAgain) {
    queue_bed::push(lane_, "one");
    const auto taken = reader_.take(queue_bed::owner(3));
    EXPECT_TRUE(bed_.finish(taken->record.place));
    EXPECT_FALSE(bed_.finish(taken->record.place));
    EXPECT_FALSE(return_record(bed_.words, taken->record.place, 0));
}

TEST_F(QueueLane, ADelayedMessageComesWhenItIsDue) {
    queue_bed::now_ns = 10;
    queue_bed::push(lane_, "later", {.due_ns = 20});
    queue_bed::push(lane_, "now");
    EXPECT_EQ(pop_all(), texts{"now"});
    EXPECT_EQ(reader_.next_due_ns(), 20u);
    queue_bed::now_ns = 20;
    EXPECT_EQ(pop_all(), texts{"later"});
}

TEST_F(QueueLane, WhatWasWrittenOverIsNotBelieved) {
    queue_bed::push(lane_, long_);
    queue_slot& slot = bed_.words.slot(0, 0);
    for (auto* word : {&slot.bytes_and_check, &slot.pushed_ns, &slot.where}) {
        for (int bit = 0; bit < 64; ++bit) {
            word->fetch_or(0, std::memory_order_relaxed);
            const std::uint64_t was = word->load(std::memory_order_relaxed);
            word->store(was ^ std::uint64_t{1} << bit, std::memory_order_relaxed);
            const auto taken = reader_.take(queue_bed::owner(3));
            ASSERT_TRUE(taken);
            EXPECT_FALSE(taken->sound) << bit;
            word->store(was, std::memory_order_relaxed);
            return_record(bed_.words, taken->record.place, 0);
            reader_.forget();
        }
    }
    EXPECT_EQ(pop_all(), texts{long_});
}

// ---- pages that somebody else needs -------------------------------------------------------------

TEST_F(QueueLane, IdlePagesOfOthersMakeRoom) {
    std::vector<queue_lane> idle;
    for (std::uint32_t seat = 0; seat < 4; ++seat) {
        queue_bed::push(idle.emplace_back(bed_.lane(seat)), "one");
        EXPECT_EQ(bed_.pop(reader_), "one");
    }
    queue_lane urgent = bed_.lane(0, 1);
    EXPECT_EQ(fill(urgent, long_), 32);
    EXPECT_FALSE(queue_bed::push(idle[2], "late"));
    EXPECT_EQ(pop_all().size(), 32u);
    for (queue_lane& one : idle) EXPECT_TRUE(queue_bed::push(one, "two"));
    EXPECT_EQ(pop_all().size(), 4u);
}

TEST_F(QueueLane, APageInWhichSomebodyWritesIsNotEnded) {
    const auto mine = lane_.reserve(100, {});
    queue_lane other = bed_.lane(1);
    EXPECT_EQ(fill(other, long_), 24);
    queue_bed::write(*mine, long_);
    lane_.publish(*mine, 100, {}, record_state::ready);
    EXPECT_EQ(pop_all().size(), 25u);
    EXPECT_TRUE(queue_bed::push(lane_, "behind"));
    EXPECT_EQ(pop_all(), texts{"behind"});
}

TEST_F(QueueLane, APageThatWasBeingEndedIsClosedByWhoGoesOnThere) {
    queue_bed::push(lane_, "one");
    const page_word ending = bed_.words.see_page(0).as(page_state::ending);
    bed_.words.page(0).store(ending.bits(), std::memory_order_relaxed);
    queue_lane later = bed_.lane(0);
    queue_bed::push(later, "two");
    EXPECT_EQ(pop_all(), (texts{"one", "two"}));
}

TEST_F(QueueLane, AShortMessageFitsWhereALongOneDidNot) {
    EXPECT_EQ(fill(lane_, std::string(1000, 'x')), 4);
    bed_.pop(reader_);
    ASSERT_TRUE(queue_bed::push(lane_, std::string(500, 'x')));
    EXPECT_FALSE(queue_bed::push(lane_, std::string(2500, 'l')));
    EXPECT_TRUE(queue_bed::push(lane_, long_));
    EXPECT_TRUE(queue_bed::push(lane_, "short"));
}

// ---- damage -------------------------------------------------------------------------------------

TEST_F(QueueLane, AWordOfGarbageCostsOneRecord) {
    const int pushed = fill(lane_, long_);
    bed_.words.slot(0, 2).word.store(0x1234'0000'0000'0003, std::memory_order_relaxed);
    EXPECT_EQ(pop_all().size(), pushed - 1u);
}

TEST_F(QueueLane, BehindAWordOfGarbageNothingIsFreedThatIsThere) {
    queue_lane other = bed_.lane(1);
    fill(lane_, long_);
    bed_.words.slot(0, 0).word.store(0x1234'0000'0000'0003, std::memory_order_relaxed);
    EXPECT_FALSE(other.make_room(100, {}));
    EXPECT_EQ(pop_all().size(), 31u);
}

TEST_F(QueueLane, BehindAWordOfGarbageWhatTheDeadHadComesBack) {
    fill(lane_, long_);
    while (reader_.take(queue_bed::owner(2))) {
    }
    bed_.words.slot(0, 0).word.store(0x1234'0000'0000'0003, std::memory_order_relaxed);
    shared_word<std::uint32_t> seat;
    take_back(bed_.words, queue_bed::owner(2), seat);
    EXPECT_EQ(pop_all().size(), 31u);
}

TEST_F(QueueLane, AClaimThatIsAsLateAsATagReadsTheRecordThatIsThere) {
    queue_bed::push(lane_, long_);
    const page_word now = bed_.words.see_page(0);
    const slot_word word{now.tag(), record_state::ready};
    const page_word before{now.number() + 65536, now.seat(), now.priority(), page_state::open};
    const auto got = claim_record(bed_.words, {0, before}, 0, word, queue_bed::owner(3));
    ASSERT_TRUE(got && got->sound);
    EXPECT_EQ(queue_bed::text_of(got->record), long_);
}

// ---- after a death ------------------------------------------------------------------------------

class QueueRecovery : public QueueLane {
protected:
    void die(std::uint32_t seat) {
        shared_word<std::uint32_t> word{};
        word.store(seat_word(1000 + seat, seat_state::dead), std::memory_order_relaxed);
        take_back(bed_.words, queue_bed::owner(seat), word);
    }
};

TEST_F(QueueRecovery, WhatTheDeadHadTakenComesAgain) {
    queue_bed::push(lane_, "one");
    queue_bed::push(lane_, "two");
    reader_.take(queue_bed::owner(2));
    die(2);
    EXPECT_EQ(pop_all(), (texts{"one", "two"}));
}

TEST_F(QueueRecovery, WhatTheLivingHaveStaysTheirs) {
    queue_bed::push(lane_, "one");
    reader_.take(queue_bed::owner(1));
    die(2);
    EXPECT_EQ(pop_all(), texts{});
}

TEST_F(QueueRecovery, ALoanOfTheDeadIsDropped) {
    const auto loan = lane_.reserve(4, {});
    lane_.keep(*loan, 4, {}, queue_bed::owner(0));
    queue_bed::push(lane_, "next");
    die(0);
    EXPECT_EQ(pop_all(), texts{"next"});
}

TEST_F(QueueRecovery, WhoSitsThereNextGoesOnInTheSamePage) {
    for (int i = 0; i < 8; ++i) {
        queue_lane next = bed_.lane(0);
        ASSERT_TRUE(queue_bed::push(next, long_));
    }
    EXPECT_EQ(bed_.free_pages(), 3u);
    EXPECT_EQ(pop_all().size(), 8u);
}

TEST_F(QueueRecovery, PagesOfWhoLeftComeBackWhenAllIsDone) {
    queue_bed::push(lane_, "one");
    EXPECT_EQ(bed_.pop(reader_), "one");
    bed_.ends_idle_pages = false;
    queue_lane other = bed_.lane(1);
    EXPECT_EQ(fill(other, long_), 24);
    bed_.vacant = 0;
    EXPECT_TRUE(other.make_room(100, {}));
    EXPECT_EQ(fill(other, long_), 8);
}

TEST_F(QueueRecovery, PagesThatTheDeadHadNotOpenedAreFree) {
    const page_word opening{70, 2, 0, page_state::opening};
    bed_.words.page(1).store(opening.bits(), std::memory_order_relaxed);
    bed_.words.page(2).store(opening.as(page_state::tail).bits(), std::memory_order_relaxed);
    die(1);
    EXPECT_EQ(bed_.free_pages(), 2u);
    die(2);
    EXPECT_EQ(bed_.free_pages(), 4u);
}

int accesses = 0;

TEST_F(QueueRecovery, ALongRunIsLookedAtOnceAndNotOnceForEachOfItsPages) {
    constexpr std::uint32_t pages = 2000;
    const queue_bed large{{.page_bytes = 64,
                           .pages = pages,
                           .slots = 1,
                           .seats = 4,
                           .message_bytes_max = 64 * pages,
                           .priorities = 1}};
    queue_lane lane = large.lane(0);
    ASSERT_TRUE(queue_bed::push(lane, std::string(64 * pages - 64, 'x')));
    shared_word<std::uint32_t> word{};
    word.store(seat_word(1002, seat_state::dead), std::memory_order_relaxed);
    accesses = 0;
    current_access_hook = [](access_kind, const void*) { ++accesses; };
    take_back(large.words, queue_bed::owner(2), word);
    current_access_hook = nullptr;
    EXPECT_LT(accesses, 8 * static_cast<int>(pages));
}

TEST_F(QueueRecovery, PagesOfWhoSitsThereNowAreNotTheDeadOnes) {
    const page_word opening{70, 2, 0, page_state::opening};
    bed_.words.page(1).store(opening.bits(), std::memory_order_relaxed);
    shared_word<std::uint32_t> word{};
    word.store(seat_word(1003, seat_state::active), std::memory_order_relaxed);
    take_back(bed_.words, queue_bed::owner(2), word);
    EXPECT_EQ(bed_.free_pages(), 3u);
}

// ---- what garbage does --------------------------------------------------------------------------

class QueueGarbage : public QueueLane {
protected:
    /// All words of the pages and of what is said about records.
    std::vector<shared_word<std::uint64_t>*> words() {
        std::vector<shared_word<std::uint64_t>*> all;
        for (std::uint32_t p = 0; p < bed_.words.shape().pages; ++p) {
            all.push_back(&bed_.words.page(p));
            for (std::uint32_t i = 0; i < bed_.words.shape().slots; ++i) {
                queue_slot& slot = bed_.words.slot(p, i);
                for (auto* word : {&slot.word, &slot.bytes_and_check, &slot.where, &slot.due_ns})
                    all.push_back(word);
            }
        }
        return all;
    }
    /// All that can be done ends, and reads nothing that is not the queue's.
    void do_everything() {
        std::size_t bytes = 0;
        for (int i = 0; i < 50; ++i) {
            queue_bed::push(lane_, std::string(static_cast<std::size_t>(i * 40), 'x'));
            const auto taken = reader_.take(queue_bed::owner(3));
            if (!taken) continue;
            for (const std::byte one : taken->record.payload) bytes += std::size_t(one);
            if (i % 2 == 0)
                return_record(bed_.words, taken->record.place, 0);
            else
                bed_.finish(taken->record.place);
        }
        lane_.make_room(2500, {});
        for_each_record(bed_.words, [&](const seen_page& page, std::uint32_t slot, slot_word) {
            queue_record record;
            if (read_record(bed_.words, page, slot, record)) bytes += record.payload.size();
        });
        shared_word<std::uint32_t> seat{};
        take_back(bed_.words, queue_bed::owner(3), seat);
        last_bytes_ = bytes;
    }

    std::mt19937_64 random_{1};
    std::size_t last_bytes_ = 0;
};

TEST_F(QueueGarbage, AFlippedBitAnywhereEndsNothing) {
    const auto all = words();
    for (int i = 0; i < 4000; ++i) {
        auto* const word = all[random_() % all.size()];
        word->store(word->load(std::memory_order_relaxed) ^ std::uint64_t{1} << random_() % 64,
                    std::memory_order_relaxed);
        do_everything();
    }
}

TEST_F(QueueGarbage, RandomWordsEverywhereEndNothing) {
    const auto all = words();
    for (int i = 0; i < 500; ++i) {
        for (auto* word : all) word->store(random_(), std::memory_order_relaxed);
        do_everything();
    }
}

// ---- together -----------------------------------------------------------------------------------

struct tallies {
    std::vector<int> last = std::vector<int>(2, -1);
    int got = 0;
};

void produce(const queue_bed& bed, std::uint32_t seat, int count) {
    queue_lane lane = bed.lane(seat);
    for (int i = 0; i < count; ++i) {
        std::string text = std::to_string(seat) + " " + std::to_string(i);
        if (i % 3 == 0) text.resize(static_cast<std::size_t>(40 + i % 300), ' ');
        while (!queue_bed::push(lane, text)) std::this_thread::yield();
    }
}

void consume(const queue_bed& bed, std::uint32_t seat, tallies& mine, std::atomic<int>& left) {
    queue_reader reader = bed.reader();
    while (left.load(std::memory_order_relaxed) > 0) {
        const auto taken = reader.take(queue_bed::owner(seat));
        if (!taken) {
            std::this_thread::yield();
            continue;
        }
        ASSERT_TRUE(taken->sound);
        const std::string text = queue_bed::text_of(taken->record);
        const auto producer = static_cast<std::size_t>(text[0] - '0');
        const int number = std::stoi(text.substr(2));
        ASSERT_GT(number, mine.last[producer]);
        mine.last[producer] = number;
        ++mine.got;
        ASSERT_TRUE(bed.finish(taken->record.place));
        left.fetch_sub(1, std::memory_order_relaxed);
    }
}

TEST(QueueThreads, EachMessageComesOnceAndInTheOrderOfItsProducer) {
    constexpr int count = 20000;
    const queue_bed bed;
    std::atomic<int> left{2 * count};
    std::array<tallies, 2> got;
    {
        std::vector<std::jthread> all;
        for (std::uint32_t i = 0; i < 2; ++i) {
            all.emplace_back([&, i] { produce(bed, i, count); });
            all.emplace_back([&, i] { consume(bed, 2 + i, got[i], left); });
        }
    }
    EXPECT_EQ(got[0].got + got[1].got, 2 * count);
}

}  // namespace
}  // namespace signet::memory
