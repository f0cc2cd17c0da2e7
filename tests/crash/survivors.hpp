// SPDX-License-Identifier: Apache-2.0
// Those who survive a sweep: a publisher and a subscriber of one topic, each in a context of its
// own, in this process. They check whatever they receive, remember what they are told about others,
// and know whether all is as it was before. For the one thread of a test.
#pragma once

#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"
#include "sleepy_thread.hpp"

#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>

namespace signet::tests {

using testing::eventually;
using testing::watchdog;

inline constexpr const char* swept_topic = "points";
inline constexpr publisher_options tight{.depth = 2, .waiting = wait_mode::sleep};
inline constexpr subscriber_options blocking{.policy = delivery::block,
                                             .waiting = wait_mode::sleep};

/// Message number `number` of this process.
template <class Message>
Message numbered(std::uint64_t number) {
    Message message;
    fill(message, static_cast<std::uint64_t>(getpid()), number);
    return message;
}

/// What the survivors were told about one process.
struct tidings {
    int joined = 0;
    int left = 0;
    int died = 0;
};

template <class Message>
class survivors {
public:
    explicit survivors(const publisher_options& shape = tight)
        : shape_{shape}, out_{here_, swept_topic, shape} {
        EXPECT_TRUE(out_.wait_for_subscribers_for(1, watchdog));
        EXPECT_TRUE(eventually([&] { return in_.publishers() == 1 || in_.try_receive(); }));
        {
            const auto handled = here_.plane()->lock();
        }  // what came with the last frames is
        {
            const auto handled = there_.plane()->lock();
        }  // closed when they have been handled
        descriptors_ = testing::open_descriptors();
    }

    /// In the victim, before anything else: its steps are known by name.
    void watch_victim() const {
        watch_steps(
            transport::shm::choose_geometry(shape_, wire::descriptor_of<Message>(), swept_topic));
    }

    void begin() noexcept {}
    std::string summary() const { return {}; }

    /// Reads what is there and publishes one more, if there is room; takes note of the news.
    void pump() {
        if (!reading_ && !writing_) publish_one();
        if (!reading_) pump_in();
        hear();
    }

    /// Returns when the surviving subscriber sleeps, until the next message wakes it.
    void await_sleeping_reader() {
        reading_.emplace([this](const std::stop_token&) { check(in_.receive_for(watchdog)); });
        EXPECT_TRUE(eventually([&] { return reading_->asleep(); }));
    }

    /// Returns when the surviving publisher sleeps, as it finds no room because of another one.
    void await_sleeping_writer() {
        writing_.emplace([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) publish(watchdog);
        });
        EXPECT_TRUE(eventually([&] { return pump_in() && writing_->asleep(); }));
    }

    /// Takes both ends back from those threads.
    void wake_sleepers() {
        if (reading_) {
            EXPECT_TRUE(eventually([&] { return publish_one(), reading_->done(); }));
            reading_.reset();
        }
        if (!writing_) return;
        writing_->stop();
        EXPECT_TRUE(eventually([&] { return pump_in() && writing_->done(); }));
        writing_.reset();
    }

    void publish_one() { publish(std::chrono::nanoseconds::zero()); }

    /// Publishes more than its ring holds, so that who does not block loses some.
    void lap() {
        for (const std::uint64_t end = next_ + 3 * tight.depth; next_ < end;) pump();
    }

    /// The victim is dead: what it left must be whole, and life goes on.
    void settle(pid_t victim, bool had_joined) {
        EXPECT_TRUE(eventually([&] { return told_all(victim, had_joined); })) << "not told";
        meet_newcomers();
        EXPECT_TRUE(eventually([&] { return told_all(victim, had_joined) && alone(); }))
            << out_.subscribers() << " subscribers, " << in_.publishers() << " publishers";
        EXPECT_TRUE(eventually([&] { return testing::open_descriptors() == descriptors_; }))
            << testing::open_descriptors() << " descriptors, " << descriptors_ << " before";
        EXPECT_EQ(names(), 4 + 2 + 2 + 2) << "the dead one's names are still there";
    }

    void check(pid_t victim, bool may_leave) {
        const last_words& words = shared_last_words();
        EXPECT_FALSE(words.faulty) << "it received what it should not have";
        EXPECT_GE(received_from(victim), words.published) << "a published message is missing";
        EXPECT_LE(received_from(victim), words.published + 1) << "a message too many";
        EXPECT_TRUE(may_leave || told_of(victim).left == 0);
    }

    const tidings& told_of(pid_t pid) { return told_[pid]; }
    std::uint64_t received_from(pid_t pid) { return received_[static_cast<std::uint64_t>(pid)]; }

    /// A subscriber comes, receives a message and goes; then a publisher.
    void meet_newcomers() {
        const context fresh{};
        {
            subscriber<Message> newcomer{fresh, swept_topic, blocking};
            EXPECT_TRUE(eventually([&] { return newcomer.try_receive(), newcomer.publishers(); }));
            expect_next_at(newcomer);
        }
        publisher<Message> newcomer{fresh, swept_topic, tight};
        EXPECT_TRUE(newcomer.wait_for_subscribers_for(1, watchdog));
        const std::uint64_t before = received_from(getpid());
        EXPECT_TRUE(newcomer.publish_for(numbered<Message>(0), watchdog));
        EXPECT_TRUE(eventually([&] { return pump_in() && received_from(getpid()) > before; }));
    }

private:
    void publish(std::chrono::nanoseconds limit) {
        if (out_.publish_for(numbered<Message>(next_), limit)) ++next_;
    }

    void expect_next_at(subscriber<Message>& newcomer) {
        const std::uint64_t number = next_;
        EXPECT_TRUE(eventually([&] { return publish_one(), pump_in() && next_ > number; }));
        const auto got = newcomer.receive_for(watchdog);
        EXPECT_TRUE(got && got->number == number && whole(*got));
    }

    bool pump_in() {
        while (const auto got = in_.try_receive()) check(got);
        hear();
        return true;
    }

    void check(const sample<Message>& got) {
        const auto fault = sequence_.fault_of(got);
        EXPECT_FALSE(fault) << *fault;
        ++received_[got->author];
    }

    void hear() {
        for (auto event = in_.try_event(); event; event = in_.try_event()) note(*event);
        for (auto event = out_.try_event(); event; event = out_.try_event()) note(*event);
    }

    void note(const topic_event& event) {
        tidings& one = told_[event.pid];
        one.joined += event.what == topic_event::kind::joined;
        one.left += event.what == topic_event::kind::left;
        one.died += event.what == topic_event::kind::died;
        EXPECT_NE(event.what, topic_event::kind::refused) << event.reason;
    }

    bool told_all(pid_t victim, bool had_joined) {
        pump_in();
        const tidings& one = told_[victim];
        return one.joined >= had_joined && one.joined == one.left + one.died;
    }

    bool alone() {
        pump_in();
        return out_.subscribers() == 1 && in_.publishers() == 1;
    }

    /// All that is in the rendezvous directory: four folders, the survivors' sockets, the topic's
    /// two folders, and the names of the survivors' endpoints.
    std::ptrdiff_t names() const {
        return std::distance(std::filesystem::recursive_directory_iterator{place_.path()}, {});
    }

    publisher_options shape_;
    own_rendezvous place_;
    context here_;
    context there_;
    subscriber<Message> in_{there_, swept_topic, blocking};
    publisher<Message> out_;
    std::atomic<std::uint64_t> next_{0};
    sequence_check sequence_;
    std::map<std::uint64_t, std::uint64_t> received_;  // by author
    std::map<pid_t, tidings> told_;
    int descriptors_ = 0;
    std::optional<sleepy_thread> reading_;  // has in_ to itself
    std::optional<sleepy_thread> writing_;  // has out_ to itself
};

}  // namespace signet::tests
