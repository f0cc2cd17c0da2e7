// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_core.hpp>

#include <signet/base/error.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/os/file.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/pattern/queue/queue_parts.hpp>
#include <signet/region.hpp>
#include <signet/sync/region_core.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace signet::pattern {
namespace {

using namespace std::chrono_literals;
using queue_ptr = std::shared_ptr<queue_core>;
using texts = std::vector<std::string>;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text.data(), text.size()});
}
std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class QueueCore : public ::testing::Test {
protected:
    queue_ptr open() const { return queue_core::open_or_create(where_, shape_); }

    static push_outcome push(const queue_ptr& into, std::string_view text,
                             const queue_terms& terms = {}) {
        return into->try_push(bytes_of(text), terms);
    }
    /// Takes one and acknowledges it; "-" where there is none.
    static std::string pop(const queue_ptr& from) {
        std::optional<held_message> one = from->try_pop();
        if (!one) return "-";
        std::string text = text_of(one->payload());
        from->acknowledge(std::move(*one));
        return text;
    }
    static texts pop_all(const queue_ptr& from) {
        texts all;
        for (std::string one = pop(from); one != "-"; one = pop(from)) all.push_back(one);
        return all;
    }
    template <class Tried>
    static std::error_code code_of(Tried&& tried) {
        try {
            tried();
        } catch (const error& e) {
            return e.code();
        }
        return {};
    }

    testing::temporary_directory place_;
    queue_place where_ = queue_place::named("jobs", place_.path());
    queue_shape shape_{.bytes = 1 << 18, .message_bytes_max = 20000, .priorities = 3, .seats = 8};
};

TEST_F(QueueCore, WhatOnePushesAnotherPops) {
    const queue_ptr one = open();
    const queue_ptr other = open();
    for (const char* text : {"one", "", "two"}) EXPECT_EQ(push(one, text), push_outcome::accepted);
    EXPECT_EQ(pop_all(other), (texts{"one", "", "two"}));
}

TEST_F(QueueCore, MessagesOutliveWhoPushedThem) {
    push(open(), "one");
    push(open(), "two");
    EXPECT_EQ(pop_all(open()), (texts{"one", "two"}));
}

TEST_F(QueueCore, MessagesOfAllSizesAreWhole) {
    const queue_ptr here = open();
    for (std::size_t bytes = 0; bytes <= 20000; bytes = bytes * 5 / 4 + 1) {
        const std::string text(bytes, static_cast<char>('a' + bytes % 26));
        ASSERT_EQ(push(here, text), push_outcome::accepted);
        ASSERT_EQ(pop(here), text);
    }
}

TEST_F(QueueCore, AThousandPushesByOthersFillPagesAndNotOneEach) {
    const std::uint64_t free = open()->account().pages_free;
    for (int i = 0; i < 40; ++i) push(open(), std::string(100, 'x'));
    EXPECT_GE(open()->account().pages_free + 3, free);
}

TEST_F(QueueCore, WhatIsHeldIsNobodyElses) {
    const queue_ptr one = open();
    const queue_ptr other = open();
    push(one, "text");
    [[maybe_unused]] const auto held = one->try_pop();
    EXPECT_EQ(pop(other), "-");
}

TEST_F(QueueCore, WhatIsHeldComesBackWhenItsHolderLeaves) {
    const queue_ptr other = open();
    push(other, "text");
    {
        const queue_ptr one = open();
        [[maybe_unused]] const auto held = one->try_pop();
        EXPECT_TRUE(held);
    }
    EXPECT_EQ(pop(other), "text");
}

TEST_F(QueueCore, WhatIsGivenBackComesAgainAndIsCounted) {
    const queue_ptr here = open();
    push(here, "text");
    auto held = here->try_pop();
    EXPECT_EQ(held->deliveries(), 1u);
    here->give_back(std::move(*held));
    held = here->try_pop();
    EXPECT_EQ(held->deliveries(), 2u);
}

TEST_F(QueueCore, ALoanIsPushedInPlace) {
    const queue_ptr here = open();
    auto space = here->try_loan(4);
    std::memcpy(space->payload().data(), "text", 4);
    EXPECT_EQ(pop(here), "-");
    EXPECT_EQ(here->push(std::move(*space)), push_outcome::accepted);
    EXPECT_EQ(pop(here), "text");
}

TEST_F(QueueCore, ALoanThatIsDroppedIsNoMessage) {
    const queue_ptr here = open();
    here->drop(std::move(*here->try_loan(4)));
    push(here, "next");
    EXPECT_EQ(pop_all(here), texts{"next"});
}

TEST_F(QueueCore, AFullQueueSaysSoAndTakesMoreLater) {
    const queue_ptr here = open();
    int count = 0;
    while (push(here, std::string(1000, 'x')) == push_outcome::accepted) ++count;
    EXPECT_GT(count, 100);
    EXPECT_EQ(pop_all(here).size(), static_cast<std::size_t>(count));
    EXPECT_EQ(here->wait_for_room(1000, {}, {.until = after(10s)}), wait_outcome::woken);
    EXPECT_EQ(push(here, std::string(1000, 'x')), push_outcome::accepted);
}

TEST_F(QueueCore, UrgentMessagesComeFirst) {
    const queue_ptr here = open();
    push(here, "last", {.priority = 2});
    push(here, "usual", {.priority = 1});
    push(here, "first", {.priority = 0});
    EXPECT_EQ(pop_all(here), (texts{"first", "usual", "last"}));
}

TEST_F(QueueCore, ADelayedMessageComesWhenItIsDue) {
    const queue_ptr here = open();
    push(here, "later", {.delay = 20ms});
    EXPECT_EQ(here->account().delayed, 1u);
    EXPECT_EQ(here->wait_for_message({.until = after(10s)}), wait_outcome::woken);
    EXPECT_EQ(pop(here), "later");
}

TEST_F(QueueCore, WhatIsGivenBackForAWhileComesAfterIt) {
    const queue_ptr here = open();
    push(here, "one");
    here->give_back(std::move(*here->try_pop()), 20ms);
    EXPECT_EQ(here->wait_for_message({.until = after(10s)}), wait_outcome::woken);
    EXPECT_EQ(pop(here), "one");
}

TEST_F(QueueCore, AnExpiredMessageIsDroppedAndCounted) {
    const queue_ptr here = open();
    push(here, "old", {.expires = 1ns});
    push(here, "fresh", {.expires = 1h});
    EXPECT_EQ(pop_all(here), texts{"fresh"});
    EXPECT_EQ(here->account().expired, 1u);
}

TEST_F(QueueCore, AnExpiredMessageIsKeptWhereTheQueueSaysSo) {
    shape_.expired = expired_messages::kept_as_dead_letters;
    const queue_ptr here = open();
    push(here, "old", {.priority = 1, .expires = 1ns});
    EXPECT_EQ(pop(here), "-");
    const auto dead = here->peek_dead_letters(10);
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].reason, dead_reason::expired);
    EXPECT_EQ(dead[0].priority, 1u);
    EXPECT_EQ(text_of(dead[0].payload), "old");
}

TEST_F(QueueCore, WhatIsRefusedIsADeadLetterWithItsReason) {
    const queue_ptr here = open();
    push(here, "bad", {.reply_to = "answers"});
    here->dead_letter(std::move(*here->try_pop()), "cannot be parsed");
    EXPECT_EQ(pop(here), "-");
    const auto dead = here->peek_dead_letters(10);
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].reason, dead_reason::refused);
    EXPECT_EQ(dead[0].text, "cannot be parsed");
    EXPECT_EQ(dead[0].reply_to, "answers");
}

TEST_F(QueueCore, AMessageThatNobodyFinishesBecomesADeadLetter) {
    shape_.deliveries_max = 2;
    const queue_ptr here = open();
    push(here, "hard");
    for (int i = 0; i < 2; ++i) here->give_back(std::move(*here->try_pop()));
    EXPECT_EQ(pop(here), "-");
    EXPECT_EQ(here->peek_dead_letters(10).at(0).reason, dead_reason::deliveries);
}

TEST_F(QueueCore, DeadLettersAreRedrivenAtTheirFormerPriority) {
    const queue_ptr here = open();
    push(here, "bad", {.priority = 2});
    here->dead_letter(std::move(*here->try_pop()), "why");
    EXPECT_EQ(here->redrive(10), 1u);
    [[maybe_unused]] const auto held = here->try_pop();
    ASSERT_TRUE(held);
    EXPECT_EQ(held->priority(), 2u);
    EXPECT_EQ(held->deliveries(), 1u);
    EXPECT_EQ(here->account().dead_letters, 0u);
}

TEST_F(QueueCore, RedriveEndsWhereWhatItPushesFailsAtOnce) {
    const queue_ptr here = open();
    for (int i = 0; i < 20; ++i) {
        push(here, "bad");
        here->dead_letter(std::move(*here->try_pop()), "why");
    }
    std::jthread worker{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            if (auto one = here->try_pop()) here->dead_letter(std::move(*one), "again");
        }
    }};
    EXPECT_LE(here->redrive(UINT64_MAX), 20u);
}

TEST_F(QueueCore, WhatCannotBecomeADeadLetterComesAgain) {
    const queue_ptr here = open();
    push(here, "bad");
    auto held = here->try_pop();
    here->skip_tickets(memory::page_word::number_max);
    EXPECT_EQ(code_of([&] { here->dead_letter(std::move(*held), "why"); }), errc::limit_reached);
    EXPECT_EQ(here->account().in_flight, 0u);
    EXPECT_EQ(here->account().delayed, 1u);
}

// ---- room that is held up -----------------------------------------------------------------------

TEST_F(QueueCore, WhoPushedOnceAndIsIdleTakesNoRoom) {
    shape_ = {.bytes = 1 << 16, .message_bytes_max = 100, .seats = 40};
    std::vector<queue_ptr> all;
    for (int i = 0; i < 30; ++i) {
        all.push_back(open());
        EXPECT_EQ(push(all.back(), "text"), push_outcome::accepted);
        EXPECT_EQ(pop_all(all.front()), texts{"text"});
    }
    for (const queue_ptr& one : all) {
        EXPECT_EQ(push(one, "again"), push_outcome::accepted);
        EXPECT_EQ(pop_all(all.front()), texts{"again"});
    }
}

TEST_F(QueueCore, ExpiredMessagesMakeRoomThoughNobodyPops) {
    const queue_ptr here = open();
    while (push(here, std::string(1000, 'x'), {.expires = 1ms}) == push_outcome::accepted) {
    }
    EXPECT_EQ(here->wait_for_room(1000, {}, {}), wait_outcome::woken);
    EXPECT_EQ(push(here, std::string(1000, 'x')), push_outcome::accepted);
}

TEST_F(QueueCore, ManyThatPushAndEndPagesOfEachOtherLoseNothing) {
    shape_ = {.bytes = 1 << 16, .message_bytes_max = 9000, .seats = 40};
    constexpr int each = 300;
    constexpr int pushers = 12;
    std::vector<std::jthread> all;
    for (int p = 0; p < pushers; ++p) {
        all.emplace_back([&, p] {
            const queue_ptr mine = open();
            for (int i = 0; i < each; ++i) {
                const std::string text(i % 9 == 0 ? 5000 : 30, static_cast<char>('a' + p));
                while (push(mine, text) == push_outcome::full)
                    mine->wait_for_room(text.size(), {}, {});
            }
        });
    }
    const queue_ptr here = open();
    int got = 0;
    while (got < each * pushers) {
        const std::string text = pop(here);
        if (text == "-") {
            here->wait_for_message({});
        } else {
            ++got;
            EXPECT_EQ(text.find_first_not_of(text[0]), std::string::npos);
        }
    }
    EXPECT_EQ(got, each * pushers);
    all.clear();
    EXPECT_EQ(pop(here), "-");
}

// ---- ids that somebody has in hand --------------------------------------------------------------

class QueueIds : public QueueCore {
protected:
    QueueIds() { shape_.id_window = 1h; }

    /// One who has the queue open, lives, and does nothing; and the queue as that one sees it.
    struct idler {
        explicit idler(const std::string& path) : region{os::file::open({path}), "idler"} {}
        memory::queue_words words() const {
            memory::queue_geometry shape;
            bool other = false;
            const sync::found_object found = region.objects().at(0);
            EXPECT_EQ(memory::flaw_of(found.where, found.bytes, shape, other), nullptr);
            return {found.where, shape};
        }
        sync::region_core region;
    };
    std::string path() const { return place_.path() + "/queues/jobs"; }
    static constexpr queue_terms seven{.id = message_id{{std::byte{7}}}};
};

TEST_F(QueueIds, WhoIsStoppedWithTheLockOfTheirSetHoldsUpNobodyForEver) {
    const queue_ptr here = open();
    const idler other{path()};
    const auto words = other.words();
    for (std::uint32_t set = 0; set < words.shape().id_sets; ++set)
        words.ids(set).lock.store(other.region.self().bits(), std::memory_order_relaxed);
    EXPECT_EQ(push(here, "text", seven), push_outcome::full);
    EXPECT_EQ(push(here, "without"), push_outcome::accepted);
}

TEST_F(QueueIds, WhoWaitsForAnIdThatSomebodyHasInHandEndsAtTheDeadline) {
    const queue_ptr here = open();
    EXPECT_EQ(push(here, "text", seven), push_outcome::accepted);
    const idler other{path()};
    const auto words = other.words();
    for (std::uint32_t set = 0; set < words.shape().id_sets; ++set)
        for (auto& entry : words.ids(set).entry)
            entry.pending.store(other.region.self().bits(), std::memory_order_relaxed);
    EXPECT_EQ(push(here, "text", seven), push_outcome::full);
    EXPECT_EQ(here->wait_for_room(4, seven, {.until = after(1ms)}), wait_outcome::timed_out);
}

TEST_F(QueueIds, ADroppedLoanOfAnIdIsNoRecordOfIt) {
    testing::forked_peer victim{[&] {
        const queue_ptr made = open();
        const idler dead{path()};
        const auto words = dead.words();
        for (std::uint32_t set = 0; set < words.shape().id_sets; ++set) {
            auto& entry = words.ids(set).entry[0];
            entry.id[0].store(7, std::memory_order_relaxed);
            entry.pending.store(dead.region.self().bits(), std::memory_order_relaxed);
            entry.time_ns.store(queue_now(), std::memory_order_relaxed);
        }
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(victim.await());
    const queue_ptr here = open();
    here->drop(std::move(*here->try_loan(4, seven)));
    victim.kill();
    EXPECT_EQ(push(here, "text", seven), push_outcome::accepted);
    EXPECT_EQ(pop_all(here), texts{"text"});
    EXPECT_EQ(push(here, "text", seven), push_outcome::duplicate);
}

std::function<void()> before_next_store;

void act_before_store(memory::access_kind kind, const void*) {
    if (kind != memory::access_kind::store || !before_next_store) return;
    std::exchange(before_next_store, {})();
}

// Between any two stores of who withdraws an id its entry may become somebody else's.
TEST_F(QueueIds, WhoWithdrawsAnIdTouchesItOnce) {
    const queue_ptr here = open();
    const idler other{path()};
    const queue_ids ids{other.region, other.words()};
    const queue_ids::claim claim = ids.begin(*seven.id, queue_now());
    ASSERT_NE(claim.entry, nullptr);
    int stores = 0;
    before_next_store = [&] {
        ++stores;
        before_next_store = [&] { ++stores; };
    };
    memory::current_access_hook = &act_before_store;
    ids.withdraw(claim);
    memory::current_access_hook = nullptr;
    before_next_store = {};
    EXPECT_EQ(stores, 1);
}

TEST_F(QueueIds, AnIdThatWasTakenOverFromTheDeadIsKnownForAWholeWindow) {
    const std::uint64_t begun_ns = queue_now();
    testing::forked_peer victim{[&] {
        const queue_ptr made = open();
        const idler dead{path()};
        const queue_ids ids{dead.region, dead.words()};
        const queue_ids::claim claim = ids.begin(*seven.id, begun_ns);
        claim.entry->time_ns.store(begun_ns - std::uint64_t{3'500'000'000'000},
                                   std::memory_order_relaxed);
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(victim.await());
    const queue_ptr here = open();
    victim.kill();
    EXPECT_EQ(push(here, "text", seven), push_outcome::accepted);
    const idler other{path()};
    const auto words = other.words();
    std::uint64_t latest_ns = 0;
    for (std::uint32_t set = 0; set < words.shape().id_sets; ++set) {
        for (auto& entry : words.ids(set).entry)
            latest_ns = std::max(latest_ns, entry.time_ns.load(std::memory_order_relaxed));
    }
    EXPECT_GE(latest_ns, begun_ns);
}

TEST_F(QueueIds, WhatASetForgetsIsCounted) {
    const queue_ptr here = open();
    const std::uint32_t sets = idler{path()}.words().shape().id_sets;
    for (std::uint32_t i = 0; i <= sets * memory::ids_in_set; ++i) {
        message_id id;
        std::memcpy(id.bytes.data(), &i, sizeof i);
        EXPECT_EQ(push(here, "text", {.id = id}), push_outcome::accepted);
        pop(here);
    }
    EXPECT_GE(here->account().ids_forgotten, 1u);
}

TEST_F(QueueIds, WhatFindsNoRoomForgetsNoOther) {
    const queue_ptr here = open();
    const std::uint32_t sets = idler{path()}.words().shape().id_sets;
    for (std::uint32_t i = 1; i <= 6 * sets * memory::ids_in_set; ++i) {
        message_id id;
        std::memcpy(id.bytes.data(), &i, sizeof i);
        push(here, "text", {.id = id});
        pop(here);
    }
    const std::uint64_t forgotten = here->account().ids_forgotten;
    const std::string large(1000, 'x');
    const queue_terms none{.id = message_id{}};
    while (push(here, large) == push_outcome::accepted) {
    }
    EXPECT_EQ(push(here, large, none), push_outcome::full);
    EXPECT_EQ(here->account().ids_forgotten, forgotten);
    pop_all(here);
    EXPECT_EQ(push(here, large, none), push_outcome::accepted);
    EXPECT_EQ(here->account().ids_forgotten, forgotten + 1);
}

TEST_F(QueueIds, WhatATakerWhoNeverWasHasTakenIsDeliveredAgain) {
    const queue_ptr here = open();
    push(here, "one");
    push(here, "two");
    [[maybe_unused]] const auto held = here->try_pop();
    const idler other{path()};
    const auto words = other.words();
    auto& word = words.slot(0, 1).word;
    const memory::slot_word was{word.load(std::memory_order_relaxed)};
    word.store(was.as(memory::record_state::taken, memory::stamp{3, 4711}).bits(),
               std::memory_order_relaxed);
    EXPECT_EQ(pop(here), "-");
    EXPECT_EQ(here->wait_for_message({}), wait_outcome::woken);
    EXPECT_EQ(pop(here), "two");
}

TEST_F(QueueCore, PeekShowsAndTakesNothing) {
    const queue_ptr here = open();
    push(here, "one", {.id = message_id{{std::byte{7}}}});
    push(here, "two");
    [[maybe_unused]] const auto held = here->try_pop();
    const auto seen = here->peek(10);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(text_of(seen[0].payload), "one");
    EXPECT_TRUE(seen[0].held);
    EXPECT_EQ(seen[0].id, (message_id{{std::byte{7}}}));
    EXPECT_FALSE(seen[1].held);
    EXPECT_EQ(here->peek(1).size(), 1u);
}

TEST_F(QueueCore, PurgeFinishesAllThatNobodyHas) {
    const queue_ptr here = open();
    for (int i = 0; i < 100; ++i) push(here, "text");
    [[maybe_unused]] const auto held = here->try_pop();
    push(here, "later", {.delay = 1h});
    EXPECT_EQ(here->purge(), 100u);
    EXPECT_EQ(pop(here), "-");
    EXPECT_EQ(here->account().in_flight, 1u);
}

TEST_F(QueueCore, TheAccountSaysWhoHasWhat) {
    const queue_ptr here = open();
    for (int i = 0; i < 3; ++i) push(here, "text");
    [[maybe_unused]] const auto held = here->try_pop();
    const queue_account all = here->account();
    EXPECT_EQ(all.length, 2u);
    ASSERT_EQ(all.holders.size(), 1u);
    EXPECT_EQ(all.holders[0].pid, getpid());
    EXPECT_EQ(all.holders[0].messages, 1u);
    EXPECT_LE(*all.oldest, clock::now());
}

// ---- ids ----------------------------------------------------------------------------------------

constexpr message_id id_of(int number) {
    return {{static_cast<std::byte>(number), static_cast<std::byte>(number >> 8)}};
}

TEST_F(QueueCore, ASecondMessageOfAnIdIsDroppedWithinTheWindow) {
    shape_.id_window = 1h;
    const queue_ptr here = open();
    EXPECT_EQ(push(here, "one", {.id = id_of(1)}), push_outcome::accepted);
    EXPECT_EQ(push(here, "two", {.id = id_of(2)}), push_outcome::accepted);
    EXPECT_EQ(push(open(), "one", {.id = id_of(1)}), push_outcome::duplicate);
    EXPECT_EQ(pop_all(here), (texts{"one", "two"}));
    EXPECT_EQ(push(here, "one", {.id = id_of(1)}), push_outcome::duplicate);
    EXPECT_EQ(here->account().duplicates, 2u);
}

TEST_F(QueueCore, BehindTheWindowAnIdIsNew) {
    shape_.id_window = 1ns;
    const queue_ptr here = open();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(push(here, "one", {.id = id_of(1)}), push_outcome::accepted);
    }
}

TEST_F(QueueCore, ManyIdsAreKeptApart) {
    shape_.id_window = 1h;
    const queue_ptr here = open();
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(push(here, "x", {.id = id_of(i)}), push_outcome::accepted);
        ASSERT_EQ(push(here, "x", {.id = id_of(i)}), push_outcome::duplicate);
        pop_all(here);
    }
}

TEST_F(QueueCore, ALoanOfAKnownIdIsDropped) {
    shape_.id_window = 1h;
    const queue_ptr here = open();
    push(here, "one", {.id = id_of(1)});
    auto space = here->try_loan(4, {.id = id_of(1)});
    EXPECT_EQ(here->push(std::move(*space)), push_outcome::duplicate);
    EXPECT_EQ(pop_all(here), texts{"one"});
}

TEST_F(QueueCore, AnIdThatCouldNotBePushedIsNew) {
    shape_.id_window = 1h;
    const queue_ptr here = open();
    while (push(here, std::string(1000, 'x')) == push_outcome::accepted) {
    }
    EXPECT_EQ(push(here, std::string(1000, 'y'), {.id = id_of(1)}), push_outcome::full);
    pop_all(here);
    here->wait_for_room(1000, {}, {});
    EXPECT_EQ(push(here, std::string(1000, 'y'), {.id = id_of(1)}), push_outcome::accepted);
}

// ---- making it ---------------------------------------------------------------------------------

TEST_F(QueueCore, WhoDiesWhileMakingItLeavesNoneOrAWholeOne) {
    const int died = testing::kill_before_each_call(
        [&] { open(); },
        [&] {
            queue_shape other = shape_;
            other.bytes *= 4;
            other.seats = 2;
            const auto met = code_of([&] { queue_core::open(where_, other); });
            EXPECT_TRUE(!met || met == std::errc::no_such_file_or_directory) << met.message();
            EXPECT_EQ(push(queue_core::open_or_create(where_, other), "text"),
                      push_outcome::accepted);
            queue_core::remove(where_);
        });
    EXPECT_GT(died, 10);
}

// ---- mailboxes ----------------------------------------------------------------------------------

class Mailbox : public QueueCore {
protected:
    queue_ptr open_to_read() {
        shape_.readers = queue_readers::one;
        return queue_core::open_or_create(where_, shape_);
    }
    queue_ptr open_to_send() { return queue_core::open(where_, {.seats = 8}); }
};

TEST_F(Mailbox, AnybodySendsAndItsReaderReads) {
    const queue_ptr mine = open_to_read();
    const queue_ptr theirs = open_to_send();
    push(theirs, "text");
    EXPECT_THROW(theirs->try_pop(), contract_violation);
    EXPECT_EQ(pop_all(mine), texts{"text"});
}

TEST_F(Mailbox, WhoOnlySendsHasNoDescriptor) {
    const queue_ptr mine = open_to_read();
    EXPECT_THROW(open_to_send()->fd(), contract_violation);
}

TEST_F(Mailbox, ALoanIsNotAcceptedForAReaderThatIsGone) {
    queue_ptr mine = open_to_read();
    const queue_ptr theirs = open_to_send();
    auto space = theirs->try_loan(4);
    mine.reset();
    EXPECT_EQ(code_of([&] { theirs->push(std::move(*space)); }), errc::peer_died);
}

TEST_F(Mailbox, TwoReadersAreOneTooMany) {
    const queue_ptr mine = open_to_read();
    EXPECT_EQ(code_of([&] { open_to_read(); }), errc::limit_reached);
}

TEST_F(Mailbox, ItsNameGoesWithItsReader) {
    queue_ptr mine = open_to_read();
    const queue_ptr theirs = open_to_send();
    mine.reset();
    EXPECT_EQ(code_of([&] { push(theirs, "text"); }), errc::peer_died);
    EXPECT_EQ(code_of([&] { open_to_send(); }), std::errc::no_such_file_or_directory);
}

TEST_F(Mailbox, OneWhoseReaderWasKilledIsSaidToBeGone) {
    testing::forked_peer victim{[&] {
        const queue_ptr mine = open_to_read();
        push(mine, "of the one before");
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(victim.await());
    const queue_ptr theirs = open_to_send();
    victim.kill();
    EXPECT_TRUE(testing::eventually(
        [&] { return code_of([&] { push(theirs, "text"); }) == errc::peer_died; }));
    EXPECT_EQ(code_of([&] { open_to_send(); }), errc::peer_died);
    EXPECT_EQ(pop(open_to_read()), "-");
}

TEST_F(Mailbox, WhoDiesWhileMakingItKeepsNobodyFromMakingIt) {
    const int died = testing::kill_before_each_call([&] { open_to_read(); },
                                                    [&] {
                                                        const queue_ptr mine = open_to_read();
                                                        push(open_to_send(), "text");
                                                        EXPECT_EQ(pop_all(mine), texts{"text"});
                                                    });
    EXPECT_GT(died, 10);
}

TEST_F(Mailbox, OneWhoseReaderWasKilledIsMadeAnewThoughAllItsSeatsAreTaken) {
    shape_.seats = 2;
    testing::forked_peer victim{[&] {
        const queue_ptr mine = open_to_read();
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(victim.await());
    const queue_ptr theirs = open_to_send();
    victim.kill();
    ASSERT_TRUE(testing::eventually(
        [&] { return code_of([&] { push(theirs, "text"); }) == errc::peer_died; }));
    const region other = region::open_file(place_.path() + "/queues/jobs");
    shape_.message_bytes_max = 500;
    const queue_ptr mine = open_to_read();
    EXPECT_EQ(mine->shape().message_bytes_max, 500u);
    push(open_to_send(), "to the next");
    EXPECT_EQ(pop_all(mine), texts{"to the next"});
}

// ---- errors -------------------------------------------------------------------------------------

TEST_F(QueueCore, AQueueOfAnotherTypeIsNotOpened) {
    shape_.type = {std::byte{1}};
    const queue_ptr here = open();
    shape_.type = {std::byte{2}};
    EXPECT_EQ(code_of([&] { open(); }), errc::incompatible_type);
    shape_.type.clear();
    EXPECT_NO_THROW(open());
}

TEST_F(QueueCore, MoreDurabilityThanItHasIsRefused) {
    const queue_ptr here = open();
    shape_.least = durability::host_crash;
    EXPECT_EQ(code_of([&] { open(); }), errc::unsupported);
}

TEST_F(QueueCore, AMessageOverTheLimitIsRefused) {
    const queue_ptr here = open();
    EXPECT_EQ(code_of([&] { push(here, std::string(20001, 'x')); }), errc::too_large);
    EXPECT_EQ(code_of([&] { here->try_loan(20001); }), errc::too_large);
}

TEST_F(QueueCore, MistakesAreToldAsSuch) {
    const queue_ptr here = open();
    EXPECT_THROW(push(here, "x", {.priority = 3}), contract_violation);
    EXPECT_THROW(push(here, "x", {.delay = -1s}), contract_violation);
    EXPECT_THROW(push(here, "x", {.reply_to = std::string(201, 'r')}), contract_violation);
    EXPECT_THROW(here->acknowledge({}), contract_violation);
    EXPECT_THROW(here->push(draft{}), contract_violation);
}

TEST_F(QueueCore, AShapeThatCannotBeIsRefused) {
    const queue_shape good = shape_;
    for (auto spoil : std::vector<std::function<void(queue_shape&)>>{
             [](queue_shape& s) { s.priorities = 0; }, [](queue_shape& s) { s.priorities = 15; },
             [](queue_shape& s) { s.seats = 0; }, [](queue_shape& s) { s.seats = 511; },
             [](queue_shape& s) { s.deliveries_max = 255; },
             [](queue_shape& s) { s.message_bytes_max = 1 << 18; },
             [](queue_shape& s) { s.message_bytes_max = std::uint64_t{1} << 32; },
             [](queue_shape& s) { s.payload_alignment = 24; }}) {
        shape_ = good;
        spoil(shape_);
        EXPECT_EQ(code_of([&] { open(); }), errc::bad_option);
    }
}

// What there is no room for is another error than a shape that cannot be.
TEST_F(QueueCore, ALargeQueueMayCompareIds) {
    for (const unsigned gibibytes : {32u, 1024u}) {
        testing::scripted_kernel no_room;
        no_room.fail(SYS_fallocate, ENOSPC);
        const queue_shape large{.bytes = std::uint64_t{gibibytes} << 30, .id_window = 1h};
        EXPECT_EQ(code_of([&] { queue_core::create(where_, large); }),
                  std::errc::no_space_on_device)
            << gibibytes;
    }
}

TEST_F(QueueCore, MoreIdsThanCanBeComparedAreRefused) {
    const queue_shape larger{.bytes = std::uint64_t{8} << 40, .id_window = 1h};
    EXPECT_EQ(code_of([&] { queue_core::create(where_, larger); }), errc::bad_option);
}

TEST_F(QueueCore, CreatingTwiceAndOpeningNothingAreErrors) {
    EXPECT_EQ(code_of([&] { queue_core::open(where_, shape_); }),
              std::errc::no_such_file_or_directory);
    const queue_ptr here = queue_core::create(where_, shape_);
    EXPECT_EQ(code_of([&] { queue_core::create(where_, shape_); }), std::errc::file_exists);
    EXPECT_TRUE(queue_core::remove(where_));
    EXPECT_FALSE(queue_core::remove(where_));
}

TEST_F(QueueCore, AFileOfTheCallersIsAQueueToo) {
    const queue_place path = queue_place::at(place_.path() + "/mine");
    push(queue_core::create(path, shape_), "text");
    EXPECT_EQ(pop(queue_core::open(path, shape_)), "text");
}

TEST_F(QueueCore, AForkedChildIsRefused) {
    const queue_ptr here = open();
    testing::forked_peer child{
        [&] { return code_of([&] { here->try_pop(); }) == errc::forked ? 0 : 1; }};
    EXPECT_EQ(child.exit_code(), 0);
}

// ---- waiting ------------------------------------------------------------------------------------

TEST_F(QueueCore, AWaitEndsByAMessageADeadlineOrAStop) {
    const queue_ptr here = open();
    const queue_ptr other = open();
    EXPECT_EQ(here->wait_for_message({.until = after(1ms)}), wait_outcome::timed_out);
    std::stop_source stop;
    std::jthread stops{[&] { stop.request_stop(); }};
    EXPECT_EQ(here->wait_for_message({.stop = stop.get_token()}), wait_outcome::stopped);
    std::jthread pushes{[&] { push(other, "text"); }};
    EXPECT_EQ(here->wait_for_message({}), wait_outcome::woken);
}

TEST_F(QueueCore, AWaitForRoomEndsWhenAPageIsDone) {
    const queue_ptr here = open();
    const queue_ptr other = open();
    while (push(here, std::string(1000, 'x')) == push_outcome::accepted) {
    }
    EXPECT_EQ(here->wait_for_room(1000, {}, {.until = after(1ms)}), wait_outcome::timed_out);
    std::jthread pops{[&] { pop_all(other); }};
    EXPECT_EQ(here->wait_for_room(1000, {}, {}), wait_outcome::woken);
}

bool readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return poll(&one, 1, 0) == 1;
}

TEST_F(QueueCore, ItsDescriptorIsReadableWhileThereIsSomething) {
    const queue_ptr here = open();
    const queue_ptr other = open();
    const int fd = here->fd();
    for (int i = 0; i < 3; ++i) {
        push(other, "text");
        EXPECT_TRUE(testing::eventually([&] { return readable(fd); }));
        EXPECT_EQ(pop_all(here), texts{"text"});
        EXPECT_TRUE(testing::eventually([&] { return pop(here) == "-" && !readable(fd); }));
    }
}

TEST_F(QueueCore, WhoHasADescriptorAndPopsIsWokenAllTheSame) {
    const queue_ptr here = open();
    const queue_ptr other = open();
    here->fd();
    for (int i = 0; i < 20; ++i) {
        std::jthread pusher{[&] { push(other, "text"); }};
        while (pop(here) == "-") here->wait_for_message({});
    }
    EXPECT_EQ(pop(here), "-");
}

TEST_F(QueueCore, ADescriptorIsGivenBackAtAnyMoment) {
    for (int i = 0; i < 200; ++i) {
        const queue_ptr here = open();
        push(here, "text");
        here->fd();
        if (i % 2 == 0) pop_all(here);
        pop(here);
    }
}

/// Whether all threads of this process but the calling one block a signal.
bool all_others_block(int signal) {
    const std::string me = std::to_string(gettid());
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        if (task.path().filename() == me) continue;
        std::ifstream status{task.path() / "status"};
        std::string line;
        while (std::getline(status, line) && !line.starts_with("SigBlk:")) {
        }
        const std::uint64_t blocked =
            line.empty() ? ~0ull : std::stoull(line.substr(7), nullptr, 16);
        if ((blocked >> (signal - 1) & 1) == 0) return false;
    }
    return true;
}

TEST_F(QueueCore, TheThreadOfItsDescriptorTakesNoSignals) {
    const queue_ptr here = open();
    const int fd = here->fd();
    push(here, "text");
    ASSERT_TRUE(testing::eventually([&] { return readable(fd); })) << "it does not run";
    EXPECT_TRUE(all_others_block(SIGUSR1));
}

thread_local bool counts = false;
thread_local int calls = 0;

long count_call(long number, const os::kernel_arguments& arguments) {
    if (counts) ++calls;
    return os::system_call(number, arguments);
}

/// How many system calls this thread makes in `body`.
int calls_of(const std::function<void()>& body) {
    const os::kernel_entry behind = os::exchange_kernel_entry(count_call);
    calls = 0;
    counts = true;
    body();
    counts = false;
    os::exchange_kernel_entry(behind);
    return calls;
}

TEST_F(QueueCore, NoSystemCallIsMadeWhileNobodySleeps) {
    const queue_ptr here = open();
    EXPECT_EQ(calls_of([&] {
                  for (int i = 0; i < 1000; ++i) {
                      push(here, "text");
                      auto space = here->try_loan(100);
                      here->push(std::move(*space));
                      pop_all(here);
                  }
              }),
              0);
}

// ---- several processes --------------------------------------------------------------------------

TEST_F(QueueCore, WhatAKilledProcessHeldIsDeliveredAgain) {
    testing::forked_peer victim{[&] {
        const queue_ptr here = open();
        push(here, "one");
        push(here, "two");
        [[maybe_unused]] const auto held = here->try_pop();
        testing::wait_to_be_killed();
        return 0;
    }};
    ASSERT_TRUE(victim.await());
    const queue_ptr here = open();
    EXPECT_EQ(here->account().holders.at(0).pid, victim.pid());
    EXPECT_EQ(pop(here), "two");
    victim.kill();
    EXPECT_EQ(here->wait_for_message({.until = after(10s)}), wait_outcome::woken);
    const auto again = here->try_pop();
    EXPECT_EQ(text_of(again->payload()), "one");
    EXPECT_EQ(again->deliveries(), 2u);
}

TEST_F(QueueCore, SeveralProcessesThatSleepShareTheWork) {
    constexpr int count = 2000;
    std::vector<std::unique_ptr<testing::forked_peer>> producers;
    for (int p = 0; p < 2; ++p) {
        producers.push_back(std::make_unique<testing::forked_peer>([&, p] {
            const queue_ptr here = open();
            for (int i = 0; i < count; ++i) {
                const std::string text = std::to_string(p * count + i);
                while (push(here, text) == push_outcome::full)
                    here->wait_for_room(text.size(), {}, {});
            }
            return 0;
        }));
    }
    testing::forked_peer consumer{[&] {
        const queue_ptr here = open();
        for (int i = 0; i < count; ++i) {
            while (pop(here) == "-") here->wait_for_message({});
        }
        return 0;
    }};
    const queue_ptr here = open();
    std::set<std::string> got;
    while (got.size() < count) {
        const std::string one = pop(here);
        if (one == "-") {
            here->wait_for_message({});
        } else {
            EXPECT_TRUE(got.insert(one).second);
        }
    }
    EXPECT_EQ(consumer.exit_code(), 0);
    EXPECT_EQ(pop(here), "-");
}

}  // namespace
}  // namespace signet::pattern
