// SPDX-License-Identifier: Apache-2.0
// Topics whose publisher or subscriber is killed, over all carriers. Apart from the rest, since
// what forks is not for the thread sanitizer.
#include "topic_fixture.hpp"

#include <signet/testing/forked_peer.hpp>

#include "exec_pairs.hpp"

#include <optional>
#include <random>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::forked_peer;
using kind = topic_event::kind;

/// A message that shows where it was torn; some lie in a slot, some in a chunk.
struct checked {
    std::uint64_t number = 0;
    std::vector<std::uint64_t> copies{};
};

checked message(std::uint64_t number) {
    return {number, std::vector<std::uint64_t>(number % 97, number * 0x9e37)};
}

bool whole(const checked& got) {
    return got.copies == message(got.number).copies;
}

class TopicDeaths : public Topics {
protected:
    /// Publishes for ever, from number 0.
    void publish_for_ever(const std::string& where) {
        const context own{{.directory = directory_.path()}};
        publisher<checked> out{own, where, {.depth = 64}};
        out.wait_for_subscribers(1);
        for (std::uint64_t i = 0;; ++i) out.publish(message(i));
    }

    /// Receives for ever under block; ends by a death or by a message that is wrong.
    int receive_for_ever(const std::string& where) {
        const context own{{.directory = directory_.path()}};
        subscriber<checked> in{own, where, {.policy = delivery::block}};
        for (std::uint64_t next = 0;;) {
            const auto got = in.receive();
            if (!whole(*got) || (next != 0 && got.number() != next)) return 1;
            next = got.number() + 1;
        }
    }
};

template <class Endpoint>
bool told(Endpoint& of, kind what) {
    return eventually([&] {
        while (auto event = of.try_event()) {
            if (event->what == what) return true;
        }
        return false;
    });
}

TEST_P(TopicDeaths, OfAPublisherLeaveWhatWasSentInOrderAndTheNextOneIsFound) {
    if (facts().scheme == exec_pairs_scheme) return;  // its ends meet by a third process
    std::mt19937 random{42};
    const std::string where = place();
    std::optional<subscriber<checked>> in;
    bool right = true;
    for (int round = 0; round < 5; ++round) {
        forked_peer victim{[&] { return publish_for_ever(where), 0; }};
        if (!in) in.emplace(here_, where, subscriber_options{.policy = delivery::block});
        std::uint64_t left = random() % 2000;
        for (std::uint64_t next = 0; left != 0; ++next, --left) {
            const auto got = in->receive();
            ASSERT_EQ(got.number(), next);
            ASSERT_TRUE(got->number == next && whole(*got));
        }
        victim.kill();
        // What it had sent is there to be received first.
        bool died = false;
        EXPECT_TRUE(eventually([&] {
            while (const auto got = in->try_receive()) right &= whole(*got);
            const auto event = in->try_event();
            died |= event && event->what == (facts().tells_death ? kind::died : kind::left);
            return died && in->publishers() == 0;
        }));
        EXPECT_TRUE(right);
    }
}

TEST_P(TopicDeaths, OfASubscriberAreToldAndTheOthersGoOn) {
    const context own{{.directory = directory_.path()}};
    const std::string where = place();
    std::optional<publisher<checked>> out;
    for (int round = 0; round < 3; ++round) {
        if (!out) out.emplace(own, where, publisher_options{.depth = 64});
        forked_peer victim{[&, to = out->topic()] { return receive_for_ever(to); }};
        forked_peer other{[&, to = out->topic()] { return receive_for_ever(to); }};
        out->wait_for_subscribers(2);
        for (std::uint64_t i = 0; i < 500; ++i) out->publish(message(out->published()));
        victim.kill();
        EXPECT_TRUE(told(*out, facts().tells_death ? kind::died : kind::left));
        for (std::uint64_t i = 0; i < 5000; ++i) out->publish(message(out->published()));
        other.kill();
        EXPECT_TRUE(eventually([&] { return out->subscribers() == 0; }));
    }
}

}  // namespace

/// A group holds nobody back, and does not know of a death.
std::vector<const transport::carrier*> carriers_that_hold_back() {
    auto all = carriers_of_topics();
    std::erase_if(all, [](const transport::carrier* one) { return !one->facts().reliable; });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, TopicDeaths, ::testing::ValuesIn(carriers_that_hold_back()),
                         scheme_of);

}  // namespace signet::tests
