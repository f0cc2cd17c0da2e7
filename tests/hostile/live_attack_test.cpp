// SPDX-License-Identifier: Apache-2.0
// Honest endpoints exchange checked messages while attackers (attacker.cpp) that have joined their
// topic rewrite what they may, are stopped, killed and started anew: for SIGNET_SECONDS. Hints may
// be lost, as attackers of one's own group may take them; so the honest look again after a while.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/error.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <thread>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::watchdog;

constexpr auto patience = 20ms;

std::chrono::seconds seconds_wanted() {
    const char* const wanted = std::getenv("SIGNET_SECONDS");
    return std::chrono::seconds{wanted != nullptr ? std::atoi(wanted) : 2};
}

/// A publisher and a subscriber, each with its thread; the subscriber loses nothing of theirs.
template <class Message>
class honest_pair {
public:
    explicit honest_pair(const std::string& topic) : topic_{topic} {
        EXPECT_TRUE(out_.wait_for_subscribers_for(1, watchdog));
        reader_ = std::jthread{[this](const std::stop_token& stop) { read(stop); }};
        writer_ = std::jthread{[this](const std::stop_token& stop) { write(stop); }};
    }

    std::uint64_t received() const noexcept { return received_; }
    std::uint64_t lies() const noexcept { return lies_; }

    /// The first fault; the pair has come to rest.
    std::string end() {
        writer_ = {};
        reader_ = {};
        return fault_;
    }

    /// Somebody new joins in the midst of it, and hears of them.
    void meet_newcomer() {
        subscriber<Message> newcomer{context{}, topic_};
        EXPECT_TRUE(eventually([&] {
            const auto got = look_at(newcomer);
            return got && got->author == author;
        }));
    }

private:
    static constexpr std::uint64_t author = 4711;

    /// Those who cannot be joined, or break the rules, are told of by an error; it goes on.
    static sample<Message> look_at(subscriber<Message>& in) try {
        return in.receive_for(patience);
    } catch (const error&) {
        return {};
    }

    void read(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const auto got = look_at(in_);
            while (in_.try_event()) {
            }
            if (got) judge(got);
        }
    }

    void judge(const sample<Message>& got) {
        if (got.publisher() != honest_) {
            const bool first = honest_ == 0 && got->author == author && got.number() == 0;
            if (!first) return static_cast<void>(++lies_);
            honest_ = got.publisher();
        }
        const auto fault = sequence_.fault_of(got);
        if (fault && fault_.empty()) fault_ = *fault;
        ++received_;
    }

    void write(const std::stop_token& stop) {
        Message message;
        for (std::uint64_t i = 0; !stop.stop_requested();) {
            fill(message, author, i);
            i += out_.publish_for(message, patience);
            while (out_.try_event()) {
            }
        }
    }

    std::string topic_;
    subscriber<Message> in_{context{}, topic_, {.policy = delivery::block}};
    publisher<Message> out_{context{}, topic_, {.depth = 8}};
    sequence_check sequence_;
    std::uint64_t honest_ = 0;  // whose messages are checked
    std::string fault_;
    std::atomic<std::uint64_t> received_{0};
    std::atomic<std::uint64_t> lies_{0};
    std::jthread reader_;
    std::jthread writer_;
};

class attackers {
public:
    explicit attackers(std::vector<std::vector<std::string>> roles) : roles_{std::move(roles)} {
        for (const auto& role : roles_) running_.push_back(start(role));
    }

    /// Lets those go on that have stopped themselves, and replaces one by a new one.
    void stir() {
        for (os::child& one : running_) one.handle().send_signal(SIGCONT);
        const std::size_t chosen = stirred_++ % running_.size();
        running_[chosen] = start(roles_[chosen]);
    }

private:
    os::child start(const std::vector<std::string>& role) {
        std::vector<std::string> words{SIGNET_ATTACKER};
        words.insert(words.end(), role.begin(), role.end());
        words.push_back(std::to_string(++seed_));
        return os::child::spawn(words);
    }

    std::vector<std::vector<std::string>> roles_;
    std::vector<os::child> running_;
    std::size_t stirred_ = 0;
    std::uint64_t seed_ = 0;
};

TEST(LiveAttack, DisturbsNoHonestTraffic) {
    const own_rendezvous place;
    honest_pair<small_message> small{"small"};
    honest_pair<large_message> large{"large"};
    attackers all{{{"small", "small"}, {"large", "large"}, {"large", "large"}}};
    const deadline end = after(seconds_wanted());
    int rounds = 0;
    for (; clock::now() < end && !HasFailure(); ++rounds) {
        const auto goal = std::pair{small.received() + 100, large.received() + 100};
        EXPECT_TRUE(eventually([&] { return small.received() > goal.first; })) << "small ones hang";
        EXPECT_TRUE(eventually([&] { return large.received() > goal.second; }))
            << "large ones hang";
        small.meet_newcomer();
        large.meet_newcomer();
        all.stir();
    }
    EXPECT_EQ(small.end(), "");
    EXPECT_EQ(large.end(), "");
    std::cout << seconds_wanted().count() << " s of attack, " << rounds << " rounds, "
              << small.received() + large.received() << " honest messages, "
              << small.lies() + large.lies() << " of the attackers\n";
}

}  // namespace
}  // namespace signet::tests
