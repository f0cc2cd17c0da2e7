// SPDX-License-Identifier: Apache-2.0
// Somebody who talks nonsense where topics are carried: as a subscriber, and as a publisher. Who is
// honest goes on, and nobody crashes; under the address sanitizer no byte is read that is not ours.
#include <signet/channel.hpp>
#include <signet/context.hpp>
#include <signet/listener.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/transport/relay/topic_frame.hpp>
#include <signet/wire/describe.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using namespace transport::relay;
using namespace std::chrono_literals;
using testing::eventually;
using bytes = std::vector<std::byte>;

struct pose {
    double x, y;
};

class nonsense {
public:
    explicit nonsense(std::uint64_t seed) : random_{seed} {}

    std::uint64_t number(std::uint64_t below) { return random_() % below; }

    /// A right frame that was cut, changed, repeated, or nothing of the kind.
    bytes spoilt(bytes frame) {
        for (std::uint64_t i = number(4); i != 0; --i) spoil(frame);
        return frame;
    }

    bytes question() {
        return write(subscription{
            .who = {number(~0ull), 0, "hostile"},
            .options = {.policy = transport::delivery(number(3)), .history = random_()},
            .type = wire::descriptor_of<pose>()});
    }
    bytes answer() {
        return write(acceptance{.who = {random_(), 0, "hostile"},
                                .type = wire::descriptor_of<pose>(),
                                .payload_bytes_max = random_(),
                                .now_ns = random_()});
    }
    bytes message() {
        const auto header = header_of(
            {.number = next_ += number(3), .time_ns = random_(), .lost_before = number(3)});
        bytes frame{header.begin(), header.end()};
        frame.resize(frame.size() + (number(8) == 0 ? number(100) : sizeof(pose)));
        return frame;
    }

private:
    void spoil(bytes& frame) {
        if (frame.empty() || number(8) == 0) frame.resize(frame.size() + number(64));
        if (frame.empty()) return;
        const std::size_t at = number(frame.size());
        switch (number(4)) {
            case 0: frame.resize(at); break;
            case 1: frame[at] ^= static_cast<std::byte>(1u << number(8)); break;
            case 2: frame[at] = static_cast<std::byte>(number(256)); break;
            default: frame.insert(frame.begin() + std::ptrdiff_t(at), 3, std::byte{0xff}); break;
        }
    }

    std::mt19937_64 random_;
    std::uint64_t next_ = 0;
};

class HostileTopic : public ::testing::Test {
protected:
    std::string where() const { return "unix://" + place_.path() + "/topic"; }

    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
};

template <class Read>
bool holds(Read&& read) {
    try {
        read();
        return true;
    } catch (const error& why) {
        return std::string{why.what()}.size() > 10;
    }
}

TEST(HostileTopicFrames, AreReadOrRefusedWhateverTheyAre) {
    nonsense talk{1};
    for (int i = 0; i < 20'000; ++i) {
        std::optional<refusal> refused;
        const bytes asked = talk.spoilt(talk.question());
        const bytes said = talk.spoilt(talk.answer());
        const bytes sent = talk.spoilt(talk.message());
        ASSERT_TRUE(holds([&] { read_subscription(asked); }));
        ASSERT_TRUE(holds([&] { read_answer(said, "x", refused); }));
        ASSERT_TRUE(holds([&] { read_refusal(said); }));
        ASSERT_TRUE(holds([&] { read_message(sent); }));
    }
}

TEST_F(HostileTopic, SubscribersDoNotDisturbAPublisherAndTheHonestOnes) {
    publisher<pose> out{here_, where()};
    subscriber<pose> in{here_, where(), {.policy = transport::delivery::block}};
    out.wait_for_subscribers(1);
    nonsense talk{2};
    for (int i = 0; i < 300; ++i) {
        raw_channel hostile{where()};
        for (std::uint64_t n = talk.number(3); n != 0; --n) {
            try {
                hostile.try_send(talk.spoilt(talk.question()));
            } catch (const error&) {
                // it was thrown out
            }
        }
        out.publish({double(i), 0});
        ASSERT_EQ(in.receive()->x, double(i));
    }
    EXPECT_TRUE(eventually([&] { return out.subscribers() == 1; }));
}

/// Serves one who connects with nonsense, and closes.
void serve(raw_listener& door, nonsense& talk) {
    auto line = door.accept_for(20s);
    if (!line) return;
    try {
        line->receive_for(1s);
        line->send(talk.number(4) == 0 ? talk.spoilt(talk.answer()) : talk.answer());
        for (std::uint64_t n = talk.number(20); n != 0; --n) {
            line->try_send(talk.number(4) == 0 ? talk.spoilt(talk.message()) : talk.message());
        }
    } catch (const error&) {
        // it was thrown out
    }
}

TEST_F(HostileTopic, PublishersAreLeftForAnHonestOne) {
    nonsense talk{3};
    std::optional<raw_listener> door{std::in_place, where()};
    subscriber<pose>* subscribing = nullptr;
    std::jthread attacker{[&] {
        for (int i = 0; i < 25; ++i) serve(*door, talk);
        door.reset();
    }};
    subscriber<pose> in{here_, where()};
    subscribing = &in;
    attacker.join();
    std::optional<publisher<pose>> honest;
    ASSERT_TRUE(
        eventually([&] { return holds([&] { honest.emplace(here_, where()); }) && honest; }));
    const bool heard = eventually([&] {
        honest->publish({4711, 0});
        try {
            const auto got = subscribing->receive_for(5ms);
            return got && got->x == 4711;
        } catch (const error&) {
            return false;  // of one of the others
        }
    });
    EXPECT_TRUE(heard);
}

}  // namespace
}  // namespace signet::tests
