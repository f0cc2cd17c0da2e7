// SPDX-License-Identifier: Apache-2.0
#include <signet/queue.hpp>

#include <signet/loop.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/wait_set.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;

struct point {
    std::int32_t x = 0;
    double y = 0;
};

struct letter {
    std::string text;
    std::vector<int> numbers;
};

struct QueueFace : ::testing::Test {
    queue_options options() const { return {.directory = place.path()}; }
    queue_options dropping() const {
        return {.directory = place.path(), .acknowledging = ack_mode::on_drop};
    }

    testing::temporary_directory place;
};

TEST_F(QueueFace, APlainMessageIsReadWhereItLies) {
    queue<point> points{"points", options()};
    EXPECT_EQ(points.push({3, 0.5}), push_outcome::accepted);
    const auto got = points.pop();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->x, 3);
    EXPECT_EQ((*got).y, 0.5);
}

TEST_F(QueueFace, ADynamicMessageArrivesWhole) {
    queue<letter> letters{"letters", options()};
    const std::string long_text(10000, 'x');
    letters.push({long_text, {1, 2, 3}});
    const auto got = letters.pop();
    EXPECT_EQ(got->text, long_text);
    EXPECT_EQ(got->numbers, (std::vector<int>{1, 2, 3}));
}

TEST_F(QueueFace, AnEmptyTextIsAMessage) {
    queue<std::string> texts{"texts", options()};
    texts.push("");
    const auto got = texts.try_pop();
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, "");
}

TEST_F(QueueFace, NothingIsPoppedOfAnEmptyQueue) {
    queue<int> numbers{"numbers", options()};
    EXPECT_FALSE(numbers.try_pop());
    EXPECT_FALSE(numbers.pop_for(1us));
}

TEST_F(QueueFace, WhatWasAcknowledgedIsGone) {
    queue<int> numbers{"numbers", options()};
    numbers.push(1);
    numbers.pop().ack();
    EXPECT_FALSE(numbers.try_pop());
    EXPECT_EQ(numbers.length(), 0u);
}

TEST_F(QueueFace, ADroppedMessageComesAgain) {
    queue<int> numbers{"numbers", options()};
    numbers.push(1);
    EXPECT_EQ(numbers.pop().deliveries(), 1u);
    EXPECT_EQ(numbers.pop().deliveries(), 2u);
}

TEST_F(QueueFace, DroppingAcknowledgesWhereThatWasChosen) {
    queue<int> numbers{"numbers", dropping()};
    numbers.push(1);
    EXPECT_TRUE(numbers.pop());
    EXPECT_FALSE(numbers.try_pop());
}

TEST_F(QueueFace, DroppingDoesNotAcknowledgeWhileAnExceptionUnwinds) {
    queue<int> numbers{"numbers", dropping()};
    numbers.push(1);
    const auto fail = [&] {
        const auto message = numbers.pop();
        throw std::runtime_error{"no"};
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_TRUE(numbers.try_pop());
}

TEST_F(QueueFace, AMessageThatIsReplacedByAnotherGoesBack) {
    queue<int> numbers{"numbers", options()};
    numbers.push(1);
    auto message = numbers.pop();
    message = popped<int>{};
    EXPECT_TRUE(numbers.try_pop());
}

TEST_F(QueueFace, DecidingTwiceIsAMistake) {
    queue<int> numbers{"numbers", options()};
    numbers.push(1);
    auto message = numbers.pop();
    message.ack();
    EXPECT_FALSE(message);
    EXPECT_THROW(message.ack(), contract_violation);
    EXPECT_THROW(message.give_back(), contract_violation);
}

TEST_F(QueueFace, ALoanIsWrittenInPlaceAndPushed) {
    queue<point> points{"points", options()};
    auto loan = points.loan();
    ASSERT_TRUE(loan);
    *loan = {7, 1.5};
    EXPECT_EQ(points.push(std::move(loan)), push_outcome::accepted);
    EXPECT_EQ(points.pop()->x, 7);
}

TEST_F(QueueFace, ADroppedLoanIsNothing) {
    queue<point> points{"points", options()};
    static_cast<void>(points.loan());
    EXPECT_FALSE(points.try_pop());
    points.push({1, 1});
    EXPECT_TRUE(points.try_pop());
}

TEST_F(QueueFace, AnEmptyLoanCannotBePushed) {
    queue<point> points{"points", options()};
    auto loan = points.loan();
    points.push(std::move(loan));
    EXPECT_THROW(points.push(std::move(loan)), contract_violation);
}

TEST_F(QueueFace, BytesGoThroughARawQueue) {
    raw_queue bytes{"bytes", options()};
    EXPECT_FALSE(bytes.type());
    auto loan = bytes.loan(3);
    for (auto& each : loan.bytes()) each = std::byte{7};
    bytes.push(std::move(loan));
    const auto got = bytes.pop();
    EXPECT_EQ(std::vector(got.bytes().begin(), got.bytes().end()), std::vector(3, std::byte{7}));
}

TEST_F(QueueFace, ARawQueueKnowsTheTypeOfATypedOne) {
    const queue<point> points{"points", options()};
    raw_queue raw{"points", options()};
    ASSERT_TRUE(raw.type());
    EXPECT_EQ(*raw.type(), wire::descriptor_of<point>());
    EXPECT_THROW(raw.push({}), contract_violation);
}

TEST_F(QueueFace, WhatIsNoValueIsPutAsideWithTheReason) {
    queue<letter> letters{"letters", options()};
    raw_queue raw{"letters", options()};
    const std::byte garbage[] = {std::byte{0xc1}};
    raw.push(garbage);
    letters.push({"good", {}});
    auto good = letters.pop();
    EXPECT_EQ(good->text, "good");
    good.ack();
    EXPECT_FALSE(letters.try_pop());
    ASSERT_EQ(raw.peek_dead_letters(9).size(), 1u);
    EXPECT_NE(raw.peek_dead_letters(9)[0].text, "");
}

TEST_F(QueueFace, WorkAcknowledgesWhatReturnsAndGivesBackWhatThrows) {
    queue<int> numbers{"numbers", options()};
    for (int i = 0; i < 3; ++i) numbers.push(i);
    std::vector<int> seen;
    int failures = 0;
    const std::uint64_t done = numbers.work(
        [&](const int& number) {
            seen.push_back(number);
            if (seen.size() == 2) throw std::runtime_error{"once"};
            if (seen.size() == 4) numbers.stop();
        },
        {.failed = [&](std::exception_ptr) { ++failures; }});
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 1, 2}));
    EXPECT_EQ(done, 3u);
    EXPECT_EQ(failures, 1);
}

TEST_F(QueueFace, AWorkerMayDecideItself) {
    queue<int> numbers{"numbers", options()};
    numbers.push(1);
    numbers.work([&](popped<int>& message) {
        message.dead_letter("no use");
        numbers.stop();
    });
    EXPECT_EQ(numbers.account().dead_letters, 1u);
}

TEST_F(QueueFace, AStopEndsAWaitForAMessage) {
    queue<int> numbers{"numbers", options()};
    std::stop_source asked;
    std::jthread other{[&] { asked.request_stop(); }};
    EXPECT_FALSE(numbers.pop(asked.get_token()));
}

TEST_F(QueueFace, StoppingAHandleEndsItsWaitsFromThenOn) {
    queue<int> numbers{"numbers", options()};
    std::jthread other{[&] { numbers.stop(); }};
    EXPECT_FALSE(numbers.pop());
    EXPECT_FALSE(numbers.pop(std::stop_source{}.get_token()));
}

TEST_F(QueueFace, PeekingTakesNothing) {
    queue<letter> letters{"letters", options()};
    letters.push({"first", {}}, {.reply_to = "box"});
    letters.push({"second", {}});
    const auto seen = letters.peek(9);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].value.text, "first");
    EXPECT_EQ(seen[0].facts.reply_to, "box");
    EXPECT_EQ(letters.length(), 2u);
}

TEST_F(QueueFace, AnotherTypeIsToldFieldByField) {
    struct other {
        std::int32_t x = 0;
        float y = 0;
    };
    const queue<point> points{"points", options()};
    try {
        const queue<other> others{"points", options()};
        FAIL() << "it was opened";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::incompatible_type);
        EXPECT_NE(e.advice().find("field 'y'"), std::string::npos) << e.what();
    }
}

TEST_F(QueueFace, AnotherNameOfTheSameLayoutIsTheSameType) {
    struct same {
        std::int32_t x = 0;
        double y = 0;
    };
    queue<point> points{"points", options()};
    queue<same> others{"points", options()};
    points.push({4, 0});
    EXPECT_EQ(others.pop()->x, 4);
}

TEST_F(QueueFace, ATypeIsNotMadeOfBytesOfNone) {
    const raw_queue raw{"bytes", options()};
    EXPECT_THROW(queue<point>("bytes", options()), error);
}

TEST_F(QueueFace, AskingForAnotherShapeIsToldOptionByOption) {
    const queue<int> numbers{"numbers", {.priorities = 2, .directory = place.path()}};
    try {
        const queue<int> others{"numbers",
                                {.priorities = 3, .deliveries_max = 4, .directory = place.path()}};
        FAIL() << "it was opened";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::bad_option);
        EXPECT_NE(e.advice().find("priorities: asked for 3, it has 2"), std::string::npos);
        EXPECT_NE(e.advice().find("deliveries_max: asked for 4, it has 0"), std::string::npos);
    }
}

TEST_F(QueueFace, AnIdOfUpTo16BytesIsTheTextItself) {
    const message_id id = message_id_of("order 17");
    EXPECT_EQ(id.bytes[0], std::byte{'o'});
    EXPECT_EQ(id.bytes[15], std::byte{0});
    EXPECT_NE(message_id_of("a text of more than 16 bytes 1"),
              message_id_of("a text of more than 16 bytes 2"));
}

TEST_F(QueueFace, AnAnswerComesToWhoAsked) {
    queue<int> squares{"squares", options()};
    std::jthread server{[&] {
        queue<int> own{"squares", options()};
        auto asked = own.pop();
        EXPECT_TRUE(asked.reply(std::to_string(*asked * *asked)));
        asked.ack();
    }};
    EXPECT_EQ(squares.request<std::string>(12), "144");
}

TEST_F(QueueFace, AnAnswerToNobodyIsTold) {
    queue<int> squares{"squares", options()};
    squares.push(3, {.reply_to = "_reply/nobody"});
    auto asked = squares.pop();
    EXPECT_FALSE(asked.reply(9));
    asked.ack();
}

TEST_F(QueueFace, WhoAsksMayGiveUp) {
    queue<int> squares{"squares", options()};
    EXPECT_EQ(squares.request_for<int>(3, 1us), std::nullopt);
    EXPECT_EQ(squares.length(), 1u);
}

TEST_F(QueueFace, AMailboxIsWrittenToByItsNameAndGoesWithItsReader) {
    std::string name;
    {
        mailbox<int> box{options()};
        name = box.name();
        queue<int>::open(name, options()).push(5);
        EXPECT_EQ(*box.pop(), 5);
    }
    EXPECT_THROW(queue<int>::open(name, options()), error);
}

TEST_F(QueueFace, ATaskAwaitsMessages) {
    queue<int> numbers{"numbers", options()};
    loop in;
    int sum = 0;
    const auto consume = [](loop& on, queue<int>& from, int& total) -> task<> {
        for (int left = 3; left != 0; --left) {
            auto message = co_await on.pop(from);
            total += *message;
            message.ack();
        }
    };
    in.spawn(consume(in, numbers, sum));
    std::jthread producer{[&] {
        queue<int> own{"numbers", options()};
        for (int i = 1; i <= 3; ++i) own.push(i);
    }};
    in.run();
    EXPECT_EQ(sum, 6);
}

TEST_F(QueueFace, AWaitSetTellsOfAMessage) {
    queue<int> numbers{"numbers", options()};
    wait_set many;
    const auto key = many.add(numbers);
    EXPECT_TRUE(many.try_wait().empty());
    std::jthread producer{[&] { queue<int>{"numbers", options()}.push(1); }};
    const auto ready = many.wait();
    ASSERT_EQ(ready.size(), 1u);
    EXPECT_EQ(ready[0], key);
    EXPECT_TRUE(numbers.try_pop());
}

}  // namespace
}  // namespace signet
