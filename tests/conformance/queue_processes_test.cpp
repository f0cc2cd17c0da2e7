// SPDX-License-Identifier: Apache-2.0
// Queues between real processes: what one pushed another one pops, in the order and on the terms
// that were asked for.
#include "queue_fixture.hpp"

#include <signet/queue.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::forked_peer;
using testing::QueueTest;

TEST_F(QueueTest, WhatOnePushedAndLeftAnotherOnePops) {
    in_another_process([&] { jobs().push({1, "left behind"}); });
    auto own = jobs();
    const auto got = own.pop();
    EXPECT_EQ(got->number, 1);
    EXPECT_EQ(got->text, "left behind");
}

TEST_F(QueueTest, MessagesOfOneProducerComeInTheirOrder) {
    in_another_process([&] {
        auto own = jobs();
        for (int i = 0; i < 1000; ++i) own.push({i, {}});
    });
    auto own = jobs();
    for (int i = 0; i < 1000; ++i) {
        auto message = own.pop();
        ASSERT_EQ(message->number, i);
        message.ack();
    }
}

TEST_F(QueueTest, ALowerPriorityNumberComesFirst) {
    options_.priorities = 3;
    in_another_process([&] {
        auto own = jobs();
        own.push({2, {}}, {.priority = 2});
        own.push({1, {}}, {.priority = 1});
        own.push({0, {}}, {.priority = 0});
    });
    EXPECT_EQ(numbers_of_all(), (std::vector<int>{0, 1, 2}));
}

TEST_F(QueueTest, WhatHasExpiredIsNotDelivered) {
    in_another_process([&] {
        auto own = jobs();
        own.push({1, {}}, {.expires = 1ns});
        own.push({2, {}}, {.expires = 1h});
    });
    EXPECT_EQ(numbers_of_all(), std::vector<int>{2});
    EXPECT_EQ(jobs().account().expired, 1u);
}

TEST_F(QueueTest, WhatHasExpiredIsADeadLetterWhereThatWasChosen) {
    options_.expired = expired_messages::kept_as_dead_letters;
    in_another_process([&] { jobs().push({1, {}}, {.expires = 1ns}); });
    auto own = jobs();
    EXPECT_FALSE(own.try_pop());
    const auto dead = own.peek_dead_letters(9);
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].facts.reason, dead_reason::expired);
}

TEST_F(QueueTest, ADelayedMessageComesNotBeforeItsTime) {
    const auto begin = clock::now();
    in_another_process([&] { jobs().push({1, {}}, {.delay = 30ms}); });
    auto own = jobs();
    EXPECT_EQ(own.pop()->number, 1);
    EXPECT_GE(clock::now() - begin, 30ms);
}

TEST_F(QueueTest, AMessageThatWasGivenBackForAWhileLetsOthersPass) {
    in_another_process([&] {
        auto own = jobs();
        own.push({1, {}});
        own.push({2, {}});
        own.pop().give_back_after(1h);
    });
    auto own = jobs();
    EXPECT_EQ(own.pop()->number, 2);
    EXPECT_EQ(own.account().delayed, 1u);
}

TEST_F(QueueTest, AMessageThatWasGivenBackComesAgainWhenTheWhileIsOver) {
    in_another_process([&] {
        auto own = jobs();
        own.push({1, {}});
        own.pop().give_back_after(20ms);
    });
    auto own = jobs();
    const auto again = own.pop();
    EXPECT_EQ(again->number, 1);
    EXPECT_EQ(again.deliveries(), 2u);
}

TEST_F(QueueTest, AnIdIsAcceptedOnceWithinItsWindow) {
    options_.id_window = 1h;
    in_another_process([&] { jobs().push({1, {}}, {.id = message_id_of("one")}); });
    auto own = jobs();
    EXPECT_EQ(own.push({1, {}}, {.id = message_id_of("one")}), push_outcome::duplicate);
    EXPECT_EQ(own.push({2, {}}, {.id = message_id_of("two")}), push_outcome::accepted);
    EXPECT_EQ(numbers_of_all(), (std::vector<int>{1, 2}));
}

TEST_F(QueueTest, AnIdIsRememberedWhenItsMessageIsDone) {
    options_.id_window = 1h;
    in_another_process([&] {
        auto own = jobs();
        own.push({1, {}}, {.id = message_id_of("one")});
        own.pop().ack();
    });
    EXPECT_EQ(jobs().push({1, {}}, {.id = message_id_of("one")}), push_outcome::duplicate);
}

TEST_F(QueueTest, AnIdIsForgottenWhenItsWindowIsOver) {
    options_.id_window = 1ms;
    in_another_process([&] { jobs().push({1, {}}, {.id = message_id_of("one")}); });
    auto own = jobs();
    EXPECT_TRUE(testing::eventually(
        [&] { return own.push({1, {}}, {.id = message_id_of("one")}) == push_outcome::accepted; }));
}

TEST_F(QueueTest, ADeadLetterKeepsItsReasonAndComesBackWhenItIsRedriven) {
    options_.priorities = 2;
    in_another_process([&] {
        auto own = jobs();
        own.push({7, "bad"}, {.priority = 1, .reply_to = "box"});
        own.pop().dead_letter("cannot be read");
    });
    auto own = jobs();
    const auto dead = own.peek_dead_letters(9);
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].facts.reason, dead_reason::refused);
    EXPECT_EQ(dead[0].facts.text, "cannot be read");
    EXPECT_EQ(own.redrive(), 1u);
    const auto again = own.pop();
    EXPECT_EQ(again->number, 7);
    EXPECT_EQ(again.priority(), 1u);
    EXPECT_EQ(again.deliveries(), 1u);
    EXPECT_EQ(again.reply_to(), "box");
}

TEST_F(QueueTest, AMessageThatWasDeliveredTooOftenIsADeadLetter) {
    options_.deliveries_max = 2;
    in_another_process([&] {
        auto own = jobs();
        own.push({1, {}});
        own.pop().give_back();
        own.pop().give_back();
    });
    auto own = jobs();
    EXPECT_FALSE(own.try_pop());
    const auto dead = own.peek_dead_letters(9);
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].facts.reason, dead_reason::deliveries);
}

TEST_F(QueueTest, PurgingLeavesWhatSomebodyHolds) {
    auto own = jobs();
    own.push({1, {}});
    own.push({2, {}});
    const auto held = own.pop();
    in_another_process([&] { EXPECT_EQ(jobs().purge(), 1u); });
    EXPECT_EQ(own.account().in_flight, 1u);
    EXPECT_EQ(own.length(), 0u);
}

TEST_F(QueueTest, PeekingShowsWhatOthersHold) {
    auto own = jobs();
    own.push({1, {}});
    own.push({2, {}});
    const auto held = own.pop();
    in_another_process([&] {
        const auto seen = jobs().peek(9);
        ASSERT_EQ(seen.size(), 2u);
        EXPECT_TRUE(seen[0].facts.held);
        EXPECT_FALSE(seen[1].facts.held);
    });
}

TEST_F(QueueTest, WhoHoldsAMessageIsTold) {
    jobs().push({1, {}});
    forked_peer holder{[&]() -> int {
        auto own = jobs();
        const auto held = own.pop();
        testing::wait_to_be_killed();
    }};
    ASSERT_TRUE(holder.await());
    const auto account = jobs().account();
    ASSERT_EQ(account.holders.size(), 1u);
    EXPECT_EQ(account.holders[0].pid, holder.pid());
    EXPECT_EQ(account.holders[0].messages, 1u);
}

TEST_F(QueueTest, TheMessageOfAKilledConsumerComesAgain) {
    auto own = jobs();
    own.push({1, {}});
    forked_peer consumer{[&]() -> int {
        auto theirs = jobs();
        const auto held = theirs.pop();
        testing::wait_to_be_killed();
    }};
    ASSERT_TRUE(consumer.await());
    EXPECT_FALSE(own.try_pop());
    consumer.kill();
    const auto again = own.pop();
    EXPECT_EQ(again->number, 1);
    EXPECT_EQ(again.deliveries(), 2u);
}

TEST_F(QueueTest, AProducerThatIsKilledWhileItWritesLeavesNothing) {
    queue<int> own{"numbers", options_};
    forked_peer producer{[&]() -> int {
        queue<int> theirs{"numbers", options_};
        const auto loan = theirs.loan();
        *loan = 1;
        testing::wait_to_be_killed();
    }};
    ASSERT_TRUE(producer.await());
    producer.kill();
    own.push(2);
    EXPECT_EQ(*own.pop(), 2);
}

TEST_F(QueueTest, TwoConsumersShareWhatThereIs) {
    constexpr int count = 200;
    auto own = jobs();
    for (int i = 0; i < count; ++i) own.push({i, {}});
    const auto take_all = [&]() -> int {
        int taken = 0;
        for (auto theirs = jobs(); auto message = theirs.try_pop(); ++taken) message.ack();
        return taken;
    };
    forked_peer one{take_all};
    forked_peer two{take_all};
    EXPECT_EQ(one.exit_code() + two.exit_code(), count);
    EXPECT_EQ(own.length(), 0u);
}

TEST_F(QueueTest, WorkAcknowledgesWhatReturnsAndGivesBackWhatThrows) {
    jobs().push({1, {}});
    in_another_process([&] {
        auto own = jobs();
        int tries = 0;
        own.work([&](const job&) {
            if (++tries == 1) throw std::runtime_error{"not yet"};
            own.stop();
        });
        EXPECT_EQ(tries, 2);
    });
    EXPECT_EQ(jobs().length(), 0u);
    EXPECT_EQ(jobs().account().in_flight, 0u);
}

TEST_F(QueueTest, AnAnswerComesFromAnotherProcess) {
    auto own = jobs();
    forked_peer server{[&]() -> int {
        auto theirs = jobs();
        auto asked = theirs.pop();
        const bool answered = asked.reply(asked->text + "!");
        asked.ack();
        return answered ? 0 : 1;
    }};
    EXPECT_EQ(own.request<std::string>({1, "hello"}), "hello!");
    EXPECT_EQ(server.exit_code(), 0);
}

TEST_F(QueueTest, AnAnswerToAKilledAskerIsTold) {
    forked_peer asker{[&]() -> int {
        mailbox<std::string> box{options_};
        jobs().push({1, "hello"}, {.reply_to = box.name()});
        testing::wait_to_be_killed();
    }};
    ASSERT_TRUE(asker.await());
    asker.kill();
    auto own = jobs();
    EXPECT_FALSE(own.pop().reply(std::string{"too late"}));
}

TEST_F(QueueTest, AQueueOnADiskIsUsedAsAnyOther) {
    const std::string address = "file://" + place_.path() + "/durable";
    in_another_process([&] {
        queue<job> own{address, {.least = durability::host_crash}};
        own.push({1, "kept"});
        own.push({2, "done"});
        own.pop().give_back();
    });
    queue<job> own{address};
    EXPECT_EQ(own.survives(), durability::host_crash);
    const auto again = own.pop();
    EXPECT_EQ(again->text, "kept");
    EXPECT_EQ(own.length(), 1u);
}

TEST_F(QueueTest, AMailboxHasOneReader) {
    mailbox<int> box{"box", options_};
    in_another_process([&] {
        EXPECT_THROW(mailbox<int>("box", options_), error);
        queue<int>::open("box", options_).push(3);
    });
    EXPECT_EQ(*box.pop(), 3);
}

TEST_F(QueueTest, AMailboxWhoseReaderWasKilledIsMadeAnew) {
    forked_peer victim{[&]() -> int {
        mailbox<int> box{"box", options_};
        testing::wait_to_be_killed();
    }};
    ASSERT_TRUE(victim.await());
    victim.kill();
    mailbox<int> box{"box", options_};
    queue<int>::open("box", options_).push(3);
    EXPECT_EQ(*box.pop(), 3);
}

TEST_F(QueueTest, AStopEndsARequest) {
    auto own = jobs();
    std::stop_source instead;
    std::atomic<bool> ended{false};
    std::thread asking{[&] {
        EXPECT_FALSE(own.request<std::string>({1, "hello"}, {}, instead.get_token()));
        ended = true;
    }};
    EXPECT_TRUE(testing::eventually([&] { return own.length() == 1; }));
    own.stop();
    EXPECT_TRUE(testing::eventually([&] { return ended.load(); }));
    instead.request_stop();
    asking.join();
}

TEST_F(QueueTest, AFullQueueMakesItsProducerWait) {
    options_.bytes = 16384;
    options_.message_bytes_max = 1024;
    auto own = jobs();
    const job large{1, std::string(900, 'x')};
    while (own.try_push(large) == push_outcome::accepted) {
    }
    EXPECT_EQ(own.push_for(large, 1us), push_outcome::full);
    forked_peer consumer{[&]() -> int {
        for (auto theirs = jobs(); auto message = theirs.try_pop();) message.ack();
        return 0;
    }};
    EXPECT_EQ(own.push(large), push_outcome::accepted);
    EXPECT_EQ(consumer.exit_code(), 0);
}

}  // namespace
}  // namespace signet
