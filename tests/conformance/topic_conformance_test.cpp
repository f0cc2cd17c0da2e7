// SPDX-License-Identifier: Apache-2.0
// What every carrier of topics does, in one suite over all of them; the facts of a carrier say
// where they differ. Deaths are in topic_deaths_test.cpp.
#include "topic_fixture.hpp"

#include "exec_pairs.hpp"

#include <signet/codec.hpp>
#include <signet/os/poll.hpp>
#include <signet/wait_set.hpp>

#include <future>
#include <map>
#include <optional>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using kind = topic_event::kind;

struct worded {
    std::string text;
    std::map<std::string, int> counts;
};

struct large {
    std::uint64_t number;
    std::array<std::uint8_t, 1 << 20> bytes;
};

struct other {
    std::uint64_t number;
    std::uint32_t weight;
    std::uint32_t more;
};

template <class Call>
std::string complaint_of(Call&& call) {
    try {
        call();
    } catch (const error& e) {
        return e.what();
    }
    return "no error";
}

template <class Endpoint>
std::optional<topic_event> next_event(Endpoint& of, kind what) {
    std::optional<topic_event> found;
    eventually([&] {
        while (!found) {
            auto event = of.try_event();
            if (!event) return false;
            if (event->what == what) found = event;
        }
        return true;
    });
    return found;
}

template <class T>
const wire::type_descriptor& out_type() {
    return wire::descriptor_of<T>();
}

// ---- messages -----------------------------------------------------------------------------------

TEST_P(Topics, DeliverPlainMessages) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic(), {.policy = delivery::block}};
    out.wait_for_subscribers(1);
    for (std::uint64_t i = 0; i < 1000; ++i) out.publish({i, 0.5});
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const auto got = in.receive();
        ASSERT_EQ(got->number, i);
        ASSERT_EQ(got.number(), i);
    }
    EXPECT_EQ(in.lost(), 0u);
}

TEST_P(Topics, DeliverWordsAndMaps) {
    publisher<worded> out{here_, place()};
    subscriber<worded> in{here_, out.topic()};
    meet(out, in);
    out.publish({"hello", {{"a", 1}, {"b", 2}}});
    const auto got = in.receive();
    EXPECT_EQ(got->text, "hello");
    EXPECT_EQ(got->counts.at("b"), 2);
}

TEST_P(Topics, DeliverLargeMessagesInPlace) {
    if (!facts().reliable) return;  // nobody is held back, or known
    if (facts().message_bytes_max < 2 * sizeof(large)) return;
    publisher<large> out{here_, place()};
    subscriber<large> in{here_, out.topic(), {.policy = delivery::block}};
    out.wait_for_subscribers(1);
    for (std::uint64_t i = 0; i < 8; ++i) {
        auto message = out.loan();
        message->number = i;
        message->bytes.fill(static_cast<std::uint8_t>(i));
        out.publish(std::move(message));
    }
    for (std::uint64_t i = 0; i < 8; ++i) {
        const auto got = in.receive();
        ASSERT_EQ(got->number, i);
        ASSERT_EQ(got->bytes.back(), i);
    }
}

TEST_P(Topics, DeliverBytesOfAnyTypeToWhoAsksForAny) {
    publisher<plain> out{here_, place()};
    raw_subscriber in{here_, out.topic()};
    meet(out, in);
    out.publish({7, 1.5});
    const auto got = in.receive();
    EXPECT_EQ(got.bytes().size(), sizeof(plain));
    EXPECT_EQ(got.type(), out_type<plain>());
}

TEST_P(Topics, DeliverToSeveralSubscribers) {
    publisher<plain> out{here_, place()};
    std::vector<subscriber<plain>> all;
    for (int i = 0; i < 3; ++i) all.emplace_back(here_, out.topic());
    for (auto& in : all) meet(out, in, all.size());
    out.publish({42, 0});
    for (auto& in : all) EXPECT_EQ(in.receive()->number, 42u);
}

TEST_P(Topics, SayWhenAndByWhomAMessageWasPublished) {
    publisher<plain> out{here_, place(), {.timestamps = true}};
    subscriber<plain> in{here_, out.topic()};
    meet(out, in);
    const auto before = clock::now();
    out.publish({1, 0});
    const auto got = in.receive();
    ASSERT_TRUE(got.published_at());
    EXPECT_GE(*got.published_at(), before);
    EXPECT_LE(*got.published_at(), clock::now());
    EXPECT_EQ(got.topic(), in.topic());
    EXPECT_EQ(got.publisher(), in.statuses().at(0).endpoint);
}

TEST_P(Topics, SayNoTimeWhereThePublisherSaysNone) {
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic()};
    meet(out, in);
    out.publish({1, 0});
    EXPECT_FALSE(in.receive().published_at());
}

// ---- policies -----------------------------------------------------------------------------------

TEST_P(Topics, LoseNothingUnderBlock) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place(), {.depth = 16}};
    subscriber<plain> in{here_, out.topic(), {.policy = delivery::block}};
    out.wait_for_subscribers(1);
    auto publishing = std::async(std::launch::async, [&] {
        for (std::uint64_t i = 0; i < 20'000; ++i) out.publish({i, 0});
    });
    std::uint64_t right = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i) right += in.receive()->number == i;
    publishing.get();
    EXPECT_EQ(right, 20'000u);
    EXPECT_EQ(in.lost(), 0u);
}

TEST_P(Topics, HoldThePublisherBackUnderBlock) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place(), {.depth = 16}};
    subscriber<plain> in{here_, out.topic(), {.policy = delivery::block}};
    out.wait_for_subscribers(1);
    std::uint64_t sent = 0;
    // What lies in the rings and in the channel is bounded, whatever the channel takes.
    while (sent < 10'000'000 && out.publish_for({sent, 0}, 100ms)) ++sent;
    EXPECT_LT(sent, 10'000'000u);
    for (std::uint64_t i = 0; i < sent; ++i) ASSERT_EQ(in.receive()->number, i);
    EXPECT_TRUE(out.publish({sent, 0}));
}

TEST_P(Topics, CountEachLossOfASlowSubscriber) {
    publisher<plain> out{here_, place(), {.depth = 16}};
    subscriber<plain> in{here_, out.topic()};
    meet(out, in);
    constexpr std::uint64_t count = 300'000;
    for (std::uint64_t i = 0; i < count; ++i) out.publish({i, 0});
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    for (std::uint64_t last = 0; last + 1 < count; ++received) {
        const auto got = in.receive();
        ASSERT_EQ(got->number, got.number());
        lost += got.lost_before();
        last = got.number();
        ASSERT_EQ(received + lost, last);
    }
    EXPECT_EQ(in.lost(), lost);
    EXPECT_GT(lost, 0u);
}

TEST_P(Topics, GiveTheNewestUnderLatest) {
    publisher<plain> out{here_, place(), {.depth = 16}};
    subscriber<plain> in{here_, out.topic(), {.policy = delivery::latest}};
    meet(out, in);
    for (std::uint64_t i = 0; i < 10'000; ++i) out.publish({i, 0});
    const std::uint64_t first = in.receive()->number;
    const std::uint64_t before = in.lost() + in.skipped();
    std::uint64_t received = 1;
    for (std::uint64_t last = first; last != 9'999; ++received) {
        const auto got = in.receive();
        ASSERT_GT(got->number, last);
        last = got->number;
    }
    EXPECT_EQ(received + in.lost() + in.skipped() - before, 10'000 - first);
}

TEST_P(Topics, GiveHistoryToWhoComesLate) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place(), {.history = 10}};
    for (std::uint64_t i = 0; i < 100; ++i) out.publish({i, 0});
    subscriber<plain> in{here_, out.topic(), {.history = 10}};
    for (std::uint64_t i = 90; i < 100; ++i) {
        const auto got = in.receive();
        ASSERT_EQ(got->number, i);
        ASSERT_EQ(got.number(), i);
        ASSERT_EQ(got.lost_before(), 0u);
    }
}

TEST_P(Topics, SendWhatWasPublishedBeforeTheEnd) {
    if (!facts().reliable) return;  // nobody is held back, or known
    std::optional<publisher<plain>> out{std::in_place, here_, place()};
    subscriber<plain> in{here_, out->topic(), {.policy = delivery::block}};
    out->wait_for_subscribers(1);
    for (std::uint64_t i = 0; i < 100; ++i) out->publish({i, 0});
    out.reset();
    for (std::uint64_t i = 0; i < 100; ++i) ASSERT_EQ(in.receive()->number, i);
    EXPECT_TRUE(next_event(in, kind::left));
}

// ---- the other end ------------------------------------------------------------------------------

TEST_P(Topics, TellBothEndsWhoIsThere) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic()};
    const auto to = next_event(out, kind::joined);
    const auto from = next_event(in, kind::joined);
    ASSERT_TRUE(to && from);
    EXPECT_NE(to->command.find("topic_conf"), std::string::npos) << to->command;
    EXPECT_NE(from->command.find("topic_conf"), std::string::npos) << from->command;
    EXPECT_EQ(out.statuses().at(0).endpoint, to->endpoint);
    EXPECT_TRUE(eventually([&] { return in.try_receive(), in.publishers() == 1; }));
    EXPECT_EQ(in.statuses().at(0).endpoint, from->endpoint);
}

TEST_P(Topics, TellThePublisherThatASubscriberLeft) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place()};
    {
        const subscriber<plain> in{here_, out.topic()};
        out.wait_for_subscribers(1);
    }
    EXPECT_TRUE(next_event(out, kind::left));
    EXPECT_TRUE(eventually([&] { return out.subscribers() == 0; }));
}

TEST_P(Topics, WaitForAPublisherThatIsNotThereYet) {
    std::optional<publisher<plain>> out{std::in_place, here_, place()};
    const std::string address = out->topic();
    out.reset();
    subscriber<plain> in{here_, address};
    EXPECT_FALSE(in.try_receive());
    out.emplace(here_, address);
    meet(*out, in);
    out->publish({5, 0});
    EXPECT_EQ(in.receive()->number, 5u);
}

TEST_P(Topics, GoOnWithAPublisherThatComesBack) {
    std::optional<publisher<plain>> out{std::in_place, here_, place()};
    const std::string address = out->topic();
    subscriber<plain> in{here_, address};
    for (std::uint64_t i = 0; i < 3; ++i) {
        meet(*out, in);
        out->publish({i, 0});
        EXPECT_EQ(in.receive()->number, i);
        out.reset();
        EXPECT_TRUE(next_event(in, kind::left));
        out.emplace(here_, address);
    }
}

TEST_P(Topics, RefuseAnotherTypeByTheNameOfItsField) {
    publisher<plain> out{here_, place()};
    subscriber<other> in{here_, out.topic()};
    EXPECT_NE(complaint_of([&] { in.receive(); }).find("weight"), std::string::npos);
    if (!facts().reliable) return;  // nobody tells the publisher
    const auto refused = next_event(out, kind::refused);
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->reason.find("weight"), std::string::npos) << refused->reason;
}

struct older {
    std::string text;
};
struct newer {
    std::string text;
    std::optional<int> more;
};

TEST_P(Topics, DeliverToAnotherVersionOfTheType) {
    publisher<newer> out{here_, place()};
    subscriber<older> in{here_, out.topic()};
    meet(out, in);
    out.publish({"both", 3});
    EXPECT_EQ(in.receive()->text, "both");
}

TEST_P(Topics, RefuseWhoWantsToBlockWhereThatIsNotAllowed) {
    if (!facts().reliable) return;  // nobody is held back, or known
    publisher<plain> out{here_, place(), {.allow_block = false}};
    subscriber<plain> in{here_, out.topic(), {.policy = delivery::block}};
    EXPECT_NE(complaint_of([&] { in.receive(); }).find("drop_oldest"), std::string::npos);
}

TEST_P(Topics, AreRefusedAtAnAddressThatCannotBe) {
    const std::string bad = book_.bad_address();
    EXPECT_NE(complaint_of([&] { publisher<plain>{here_, bad}; }), "no error");
    if (facts().scheme == exec_pairs_scheme) return;  // its program finds out, and dies of it
    EXPECT_NE(complaint_of([&] { subscriber<plain>{here_, bad}; }), "no error");
}

// ---- waiting ------------------------------------------------------------------------------------

TEST_P(Topics, EndAWaitWhenAStopIsAskedFor) {
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic()};
    std::stop_source stop;
    auto waiting = std::async(std::launch::async,
                              [&] { return static_cast<bool>(in.receive(stop.get_token())); });
    stop.request_stop();
    EXPECT_FALSE(waiting.get());
}

TEST_P(Topics, EndWithTheirContext) {
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic()};
    meet(out, in);
    here_.stop();
    EXPECT_FALSE(in.receive());
}

TEST_P(Topics, HaveADescriptorAndASet) {
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic()};
    meet(out, in);
    while (in.try_receive()) continue;
    wait_set set;
    const auto key = set.add(in);
    out.publish({1, 0});
    EXPECT_TRUE(os::wait_readable(in.fd(), after(60s)));
    const auto ready = set.wait();
    ASSERT_FALSE(ready.empty());
    EXPECT_EQ(ready.front(), key);
    EXPECT_EQ(in.receive()->number, 1u);
}

TEST_P(Topics, TellWhenAMessageIsDue) {
    publisher<plain> out{here_, place()};
    subscriber<plain> in{here_, out.topic(), {.message_due = 5ms}};
    meet(out, in);
    EXPECT_TRUE(next_event(in, kind::late));
    EXPECT_TRUE(eventually([&] { return in.deadlines_missed() > 0; }));
}

TEST_P(Topics, SayThatAContextWithoutAThreadCannot) {
    if (facts().scheme == "shm") return;
    const context manual{{.directory = directory_.path(), .drive = drive::manual}};
    EXPECT_NE(complaint_of([&] { publisher<plain>{manual, place()}; }).find("thread"),
              std::string::npos);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Over, Topics, ::testing::ValuesIn(carriers_of_topics()), scheme_of);

}  // namespace signet::tests
