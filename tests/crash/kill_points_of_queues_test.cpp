// SPDX-License-Identifier: Apache-2.0
// A process is killed before each step of what it does with a queue. What was accepted is
// delivered, in order, whole, and once unless the dead one had it; nothing is left behind. The
// steps are those of docs/design/queues.md.
#include "queue_survivors.hpp"
#include "region_survivors.hpp"
#include "sleepy_thread.hpp"

#include <signet/base/error.hpp>
#include <signet/memory/queue_recovery.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>
#include <set>

namespace signet::tests {
namespace {

using texts = std::vector<std::string>;
constexpr std::size_t count = 6;

constexpr std::chrono::hours an_hour{1};

/// Of several sizes: in a slot, of some lines, nearly a page, more than one.
std::string text_at(std::size_t i) {
    constexpr std::array<std::size_t, 4> sizes{20, 100, 5000, 9000};
    std::string text(sizes[i % sizes.size()], static_cast<char>('a' + i));
    text[0] = static_cast<char>('0' + i);
    return text;
}

class KillPointsOfQueue : public ::testing::Test {
protected:
    KillPointsOfQueue() { watch_sleeps(); }

    kill_sweep<queue_survivors> swept_;
    queue_survivors& rest_ = swept_.rest();

    void fill_before() {
        rest_.prepare = [this] {
            for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(rest_.here().push(text_at(i)));
        };
    }

    /// What was pushed is there, up to what its producer was told, or one more.
    void expect_first() {
        const texts got = rest_.here().pop_all();
        const std::size_t told = shared_last_words().published;
        EXPECT_TRUE(got.size() == told || got.size() == told + 1) << got.size() << " of " << told;
        for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i] == text_at(i)) << i;
    }

    /// What was not acknowledged is there, from where the consumer was told, or from one later.
    void expect_last() {
        const texts got = rest_.here().pop_all();
        const std::size_t told = shared_last_words().received;
        const std::size_t left = count - told;
        EXPECT_TRUE(got.size() == left || got.size() + 1 == left) << got.size() << " of " << left;
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_TRUE(got[i] == text_at(count - got.size() + i)) << i;
        }
    }
};

TEST_F(KillPointsOfQueue, WhileItPushes) {
    rest_.expect = [this] { expect_first(); };
    swept_.run(
        {killed_in_queue([](const worker& here) {
            for (std::size_t i = 0; i < count; ++i) {
                EXPECT_TRUE(here.push(text_at(i)));
                ++shared_last_words().published;
            }
        })},
        {"exchange queue.tickets", "exchange queue.page [free]", "exchange queue.page [opening]",
         "store queue.record [nothing]", "exchange queue.opened", "store queue.slot",
         "store queue.payload", "exchange queue.record [nothing]", "exchange queue.page [open]"});
}

TEST_F(KillPointsOfQueue, WhileItPushesWhatItWroteInPlace) {
    rest_.expect = [this] { expect_first(); };
    swept_.run({killed_in_queue([](const worker& here) {
                   for (std::size_t i = 0; i < count; ++i) {
                       EXPECT_TRUE(here.loan_and_push(text_at(i)));
                       ++shared_last_words().published;
                   }
               })},
               {"store queue.record [nothing]", "exchange queue.record [loaned]",
                "load queue.work.dozing [clear]"});
}

TEST_F(KillPointsOfQueue, WhileItPushesBehindALoan) {
    rest_.expect = [this] {
        const texts got = rest_.here().pop_all();
        const std::size_t told = shared_last_words().published;
        EXPECT_TRUE(got.size() == told || got.size() == told + 1) << got.size() << " of " << told;
        for (const std::string& one : got) EXPECT_EQ(one, "behind");
    };
    swept_.run({killed_in_queue([](const worker& here) {
                   [[maybe_unused]] const auto space = here.queue->try_loan(100);
                   for (int i = 0; i < 3; ++i) {
                       EXPECT_TRUE(here.push("behind"));
                       ++shared_last_words().published;
                   }
               })},
               {"exchange queue.record [nothing]"});
}

TEST_F(KillPointsOfQueue, WhileItGoesOnInThePageOfWhoSatThere) {
    rest_.prepare = [] {
        const worker before;
        EXPECT_TRUE(before.push("before"));
    };
    rest_.expect = [this] {
        texts got = rest_.here().pop_all();
        ASSERT_FALSE(got.empty());
        EXPECT_EQ(got[0], "before");
        const std::size_t told = shared_last_words().published;
        EXPECT_TRUE(got.size() == told + 1 || got.size() == told + 2);
    };
    swept_.run({killed_in_queue([](const worker& here) {
                   EXPECT_TRUE(here.push("mine"));
                   ++shared_last_words().published;
               })},
               {"exchange queue.page [open]", "exchange queue.record [nothing]"});
}

TEST_F(KillPointsOfQueue, WhileItPopsAndAcknowledges) {
    fill_before();
    rest_.expect = [this] { expect_last(); };
    swept_.run(
        {killed_in_queue([](const worker& here) {
            for (std::size_t i = 0; i < count; ++i) {
                EXPECT_EQ(here.pop(), text_at(i));
                ++shared_last_words().received;
            }
        })},
        {"exchange queue.record [ready]", "exchange queue.record [taken]", "load queue.slot",
         "exchange queue.page [closed]", "exchange queue.page [tail]", "exchange queue.freed"});
}

TEST_F(KillPointsOfQueue, WhileItGivesBack) {
    fill_before();
    rest_.expect = [this] {
        texts got = rest_.here().pop_all();
        EXPECT_EQ(got.size(), count);
        std::sort(got.begin(), got.end());
        for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i] == text_at(i)) << i;
    };
    swept_.run({killed_in_queue([](const worker& here) {
                   auto one = here.queue->try_pop();
                   auto other = here.queue->try_pop();
                   here.queue->give_back(std::move(*one));
                   here.queue->give_back(std::move(*other));
               })},
               {"store queue.slot", "exchange queue.record [taken]", "exchange queue.returned"});
}

TEST_F(KillPointsOfQueue, WhileItMakesADeadLetter) {
    rest_.prepare = [this] { EXPECT_TRUE(rest_.here().push("bad")); };
    rest_.expect = [this] {
        const auto dead = rest_.here().queue->peek_dead_letters(10);
        const texts got = rest_.here().pop_all();
        EXPECT_GE(dead.size() + got.size(), 1u);
        EXPECT_LE(got.size(), 1u);
        for (const auto& one : dead) EXPECT_EQ(one.text, "why");
        rest_.here().queue->purge_dead_letters();
    };
    swept_.run({killed_in_queue([](const worker& here) {
                   here.queue->dead_letter(std::move(*here.queue->try_pop()), "why");
               })},
               {"exchange queue.record [nothing]", "exchange queue.record [taken]"});
}

// Whoever dies, who tries again with the same id brings it there once.
void sweep_with_id(const std::function<void(const worker&, const pattern::queue_terms&)>& push,
                   const std::set<std::string>& states) {
    queue_shape with_ids = swept_shape;
    with_ids.id_window = std::chrono::hours{1};
    kill_sweep<queue_survivors> swept{with_ids};
    const pattern::queue_terms terms{.id = pattern::message_id{{std::byte{7}}}};
    swept.rest().expect = [&] {
        const worker& here = swept.rest().here();
        const push_outcome again = here.queue->try_push(std::as_bytes(std::span{"text"}), terms);
        EXPECT_NE(again, push_outcome::full);
        EXPECT_EQ(here.pop_all().size(), 1u);
    };
    swept.run({[&](int k) {
                  const worker here{with_ids};
                  await_go();
                  die_before_step(k);
                  push(here, terms);
                  _exit(0);
              }},
              states);
}

TEST_F(KillPointsOfQueue, WhileItPushesWithAnId) {
    sweep_with_id(
        [](const worker& here, const pattern::queue_terms& terms) {
            here.queue->try_push(std::as_bytes(std::span{"text"}), terms);
        },
        {"store queue.ids", "exchange queue.ids", "exchange queue.record [nothing]"});
}

TEST_F(KillPointsOfQueue, WhileItPushesALoanWithAnId) {
    sweep_with_id(
        [](const worker& here, const pattern::queue_terms& terms) {
            here.queue->drop(std::move(*here.queue->try_loan(4, terms)));
            here.queue->push(std::move(*here.queue->try_loan(4, terms)));
        },
        {"store queue.ids", "exchange queue.ids", "exchange queue.record [loaned]"});
}

// Its page is ended by somebody who needs room, at each step.
TEST_F(KillPointsOfQueue, WhileItEndsThePagesOfOthers) {
    rest_.prepare = [this] {
        EXPECT_TRUE(rest_.here().push("idle"));
        EXPECT_EQ(rest_.here().pop(), "idle");
    };
    rest_.expect = [this] {
        rest_.here().pop_all();
        EXPECT_TRUE(rest_.here().push("again"));
        EXPECT_EQ(rest_.here().pop_all(), texts{"again"});
    };
    swept_.run({killed_in_queue([](const worker& here) {
                   while (here.push(std::string(5000, 'x'))) {
                   }
               })},
               {"exchange queue.page [ending]", "load queue.pusher"});
}

// A page each: a delayed message, and what fills the rest and is done.
void fill_with_delayed(const worker& here, std::size_t pages) {
    for (std::size_t i = 0; i < pages; ++i) {
        EXPECT_TRUE(here.push(std::to_string(i) + std::string(200, 'l'), {.delay = an_hour}));
        EXPECT_TRUE(here.push(std::string(3800, 'd')));
        here.pop_all();
    }
}

// Each is there once, at its old place or at its new one, whoever dies between them.
TEST_F(KillPointsOfQueue, WhileItMovesWhatIsDelayed) {
    constexpr std::size_t pages = 4;
    const queue_shape few{.bytes = pages * 6144, .message_bytes_max = 4000, .seats = 4};
    kill_sweep<queue_survivors> swept{few};
    const auto here = [&]() -> const worker& { return swept.rest().here(); };
    swept.rest().prepare = [&] { fill_with_delayed(here(), pages); };
    swept.rest().expect = [&] {
        std::multiset<std::size_t> late;
        for (const auto& one : here().queue->peek(100)) {
            if (one.delayed) late.insert(static_cast<std::size_t>(one.payload.at(0)) - '0');
        }
        EXPECT_EQ(late, (std::multiset<std::size_t>{0, 1, 2, 3}));
        here().queue->purge();
    };
    swept.run({[few](int k) {
                  const worker mover{few};
                  await_go();
                  die_before_step(k);
                  EXPECT_TRUE(mover.push(std::string(3800, 'n')));
                  _exit(::testing::Test::HasFailure() ? 1 : 0);
              }},
              {"exchange queue.record [delayed]", "store queue.payload",
               "store queue.record [nothing]", "exchange queue.record [moving]",
               "exchange queue.record [copied]", "exchange queue.page [closed]"});
}

TEST_F(KillPointsOfQueue, WhileOthersSleepForWhatItPushes) {
    std::optional<sleepy_thread> sleeper;
    std::atomic<bool> got{false};
    rest_.expect = [&] {
        const auto& queue = rest_.here().queue;
        EXPECT_TRUE(eventually([&] { return got || queue->account().length == 0; }))
            << "nobody wakes who sleeps";
        if (!got) rest_.here().push("help");
        EXPECT_TRUE(eventually([&] { return got.load(); }));
        sleeper.reset();
        rest_.here().pop_all();
    };
    swept_.run(
        {.victim = killed_in_queue([](const worker& here) { EXPECT_TRUE(here.push("text")); }),
         .when_ready =
             [&] {
                 got = false;
                 sleeper.emplace([&](const std::stop_token&) {
                     const trusting_sleeper trusts;
                     while (!rest_.here().pop()) rest_.here().queue->wait_for_message({});
                     got = true;
                 });
                 EXPECT_TRUE(eventually([&] { return sleeper->asleep(); }));
             }},
        {"load queue.work.dozing [set]", "exchange queue.work.rings",
         "futex_wake queue.work.rings"});
}

/// What this process has taken it moves, and what it has loaned is the copy.
void mark_as_moved() {
    const region in = region::open_file(swept_path());
    const sync::found_object found = in.core()->objects().at(0);
    memory::queue_geometry shape;
    bool other = false;
    if (memory::flaw_of(found.where, found.bytes, shape, other) != nullptr) _exit(1);
    const memory::queue_words words{found.where, shape};
    memory::for_each_record(
        words, [&](const memory::seen_page& page, std::uint32_t slot, memory::slot_word word) {
            const bool taken = word.state() == memory::record_state::taken;
            if (!taken && word.state() != memory::record_state::loaned) return;
            const auto to = taken ? memory::record_state::moving : memory::record_state::copied;
            words.slot(page.page, slot)
                .word.store(word.as(to, word.owner()).bits(), std::memory_order_relaxed);
        });
}

/// Somebody that took two, was writing one, and died when nobody was there to see it.
void die_with_two() {
    const pid_t pid = fork_mortal();
    if (pid == 0) {
        const worker here;
        for (std::size_t i = 0; i < count; ++i) static_cast<void>(here.push(text_at(i)));
        [[maybe_unused]] const auto one = here.queue->try_pop();
        [[maybe_unused]] const auto other = here.queue->try_pop();
        [[maybe_unused]] const auto space = here.queue->try_loan(10);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
}

TEST_F(KillPointsOfQueue, WhileItTakesOverFromTheDead) {
    rest_.stays_away = true;
    rest_.prepare = die_with_two;
    rest_.expect = [this] {
        const texts got = rest_.here().pop_all();
        ASSERT_EQ(got.size(), count);
        for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(got[i] == text_at(i)) << i;
    };
    swept_.run({[](int k) {
                   die_before_step_of_any(k);
                   const worker here;
                   _exit(0);
               }},
               // The queue has no names yet while its region is being opened.
               {"exchange heap.block", "futex_wake heap.block", "exchange seat.word [dead]"});
}

/// Somebody that was moving a message, and had finished the one at the old place, or had not.
void die_while_moving(bool finished) {
    const pid_t pid = fork_mortal();
    if (pid == 0) {
        const worker here;
        static_cast<void>(here.push("late"));
        auto original = here.queue->try_pop();
        [[maybe_unused]] auto copy = here.queue->try_loan(4);
        std::memcpy(copy->payload().data(), "late", 4);
        if (finished) here.queue->acknowledge(std::move(*original));
        mark_as_moved();
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
}

TEST_F(KillPointsOfQueue, WhileItTakesOverWhatADeadOneMoved) {
    rest_.stays_away = true;
    rest_.expect = [this] { EXPECT_EQ(rest_.here().pop_all(), texts{"late"}); };
    for (const bool finished : {false, true}) {
        rest_.prepare = [finished] { die_while_moving(finished); };
        swept_.run({[](int k) {
                       die_before_step_of_any(k);
                       const worker here;
                       _exit(0);
                   }},
                   {"exchange heap.block"});
    }
}

TEST_F(KillPointsOfQueue, WhileItIsCreated) {
    rest_.stays_away = true;
    rest_.expect = [this] { EXPECT_EQ(rest_.here().pop_all(), texts{}); };
    swept_.run({[](int k) {
                   die_before_step_of_any(k);
                   const worker here;
                   _exit(0);
               }},
               {"fallocate", "linkat", "lock of a byte", "store directory"});
}

}  // namespace
}  // namespace signet::tests
