// SPDX-License-Identifier: Apache-2.0
// An end of a channel in shared memory is killed before each step of each thing it does. The other
// end, in this process, receives every message that was sent, then is told of the death, and is not
// left asleep. The states that must have been met are the steps of docs/design/byte-ring.md.
#include "../actors/actor.hpp"
#include "sweep.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/wait_set.hpp>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

constexpr const char* swept_channel = "swept/channel";
constexpr channel_options shallow{
    .message_bytes_max = 4000, .buffer_bytes = 8192, .waiting = life::wait_mode::sleep};

/// Messages of all lengths, that say which they are.
std::string message(std::uint64_t number) {
    return std::to_string(number) + std::string(number * 997 % 3900, 'x');
}

/// The other end. Receives as soon as something is there, but where a test does so.
class channel_survivor {
public:
    bool receives_at_once = true;

    void watch_victim() const { watch_steps({}); }

    void begin() {
        sleeper_.reset();
        line_.reset();
        door_.reset();
        door_.emplace(swept_channel, shallow);
        received_ = 0;
        end_.clear();
        receives_ = receives_at_once;
    }

    raw_channel& line() { return *line_; }
    void begin_to_receive() { receives_ = true; }

    void pump() {
        if (!line_) line_ = door_->try_accept();
        if (line_ && receives_ && !sleeper_ && end_.empty()) take_all();
    }

    /// Sleeps until there is a message, or the end.
    void fall_asleep() {
        sleeper_.emplace(
            [this](const std::stop_token&) { take([&] { return line_->receive(); }); });
        EXPECT_TRUE(eventually([&] { return sleeper_->asleep() || sleeper_->done(); }));
    }

    /// The same of who waits for many, all of them idle.
    void fall_asleep_among_many() {
        raw_listener door{"idle/channels", shallow};
        while (idle_.size() < 20) {
            std::optional<raw_channel> client;
            sleepy_thread thread{[&](const std::stop_token&) { client.emplace("idle/channels"); }};
            idle_.push_back(*door.accept());
            EXPECT_TRUE(eventually([&] { return thread.done(); }));
            idle_.push_back(std::move(*client));
        }
        sleeper_.emplace([this](const std::stop_token&) { wait_among_many(); });
        EXPECT_TRUE(eventually([&] { return sleeper_->asleep() || sleeper_->done(); }));
    }

    void wake_sleepers() {
        if (!sleeper_) return;
        EXPECT_TRUE(eventually([&] { return sleeper_->done(); })) << "nobody wakes it";
        sleeper_.reset();
    }

    void settle(pid_t, bool) { pump(); }

    void check(pid_t, bool may_leave) {
        if (line_) check_line(may_leave);
        line_.reset();
        expect_one_more();
    }

    std::string summary() const { return {}; }

private:
    void check_line(bool may_leave) {
        EXPECT_TRUE(eventually([&] {
            take_all();
            return !end_.empty();
        }));
        const last_words& words = shared_last_words();
        EXPECT_GE(received_, words.published) << "what was sent is lost";
        EXPECT_LE(received_, words.published + 1);
        const bool died = end_.find("ended without closing") != std::string::npos;
        EXPECT_TRUE(died || (may_leave && end_ == "in order")) << end_;
        const std::string sending = complaint_of([&] { line_->send(bytes_of("hello?")); });
        const bool closed = sending == "no error";  // one that died in between ended, and did not
        EXPECT_TRUE(!died || !closed) << sending;
    }

    void take_all() {
        while (take([&] { return line_->try_receive(); })) continue;
    }

    void wait_among_many() {
        wait_set all{life::wait_mode::sleep};
        all.add(*line_);
        for (const raw_channel& one : idle_) all.add(one);
        all.wait();
        take([&] { return line_->try_receive(); });
    }

    /// Whether there was a message.
    template <class Receive>
    bool take(Receive&& receive) {
        try {
            if (take_one(receive())) return true;
            if (line_->ended()) end_ = "in order";
        } catch (const std::exception& e) {
            end_ = e.what();
        }
        return false;
    }

    bool take_one(const std::optional<raw_message>& got) {
        if (!got) return false;
        EXPECT_TRUE(text_of(got->bytes) == message(received_)) << "message " << received_;
        ++received_;
        return true;
    }

    /// The listener goes on.
    void expect_one_more() {
        std::optional<raw_channel> client;
        sleepy_thread thread{[&](const std::stop_token&) { client.emplace(swept_channel); }};
        std::optional<raw_channel> server;
        do {  // those before it died
            server = door_->accept();
        } while (!eventually_done(thread, *server));
        client->send(bytes_of("next, please"));
        const auto got = server->receive();
        EXPECT_TRUE(got && text_of(got->bytes) == "next, please");
    }

    static bool eventually_done(const sleepy_thread& thread, raw_channel& server) {
        bool dead = false;
        eventually([&] {
            dead = complaint_of([&] { server.try_receive(); }) != "no error" || server.ended();
            return dead || thread.done();
        });
        return !dead;
    }

    own_rendezvous place_;
    std::optional<raw_listener> door_;
    std::optional<raw_channel> line_;
    std::vector<raw_channel> idle_;
    std::optional<sleepy_thread> sleeper_;
    std::uint64_t received_ = 0;
    std::string end_;
    bool receives_ = true;
};

using channel_sweep = kill_sweep<channel_survivor>;

/// The victim's end, ready for what the test is about.
class channel_victim {
public:
    channel_victim() : line_{std::make_unique<raw_channel>(swept_channel, shallow)} {}

    raw_channel& line() { return *line_; }
    void close() { line_.reset(); }

    void send() {
        line_->send(bytes_of(message(shared_last_words().published)));
        ++shared_last_words().published;
    }
    bool try_send() {
        const bool sent = line_->try_send(bytes_of(message(shared_last_words().published)));
        if (sent) ++shared_last_words().published;
        return sent;
    }

private:
    std::unique_ptr<raw_channel> line_;
};

TEST(KillPointsOfChannel, WhileItConnects) {
    channel_sweep swept;
    swept.run({.victim =
                   [](int k) {
                       await_go();
                       die_before_step(k);
                       channel_victim{}.close();
                   },
               .may_leave = true},
              {"connect", "memfd_create", "seal", "mmap signet-ring", "mmap signet-bells",
               "eventfd2", "sendmsg channel", "recvmsg"});
}

TEST(KillPointsOfChannel, WhileItSends) {
    channel_sweep swept;
    swept.run({[](int k) {
                  channel_victim victim;
                  await_go();
                  die_before_step(k);
                  for (int i = 0; i < 12; ++i) victim.send();
                  _exit(0);
              }},
              {"store record", "load data.word", "load lap", "madvise"});
}

TEST(KillPointsOfChannel, WhileItWakesASleeper) {
    channel_sweep swept;
    swept.run({.victim =
                   [](int k) {
                       channel_victim victim;
                       await_go();
                       die_before_step(k);
                       victim.send();
                       _exit(0);
                   },
               .when_ready = [&] { swept.rest().fall_asleep(); }},
              {"store record", "load data.word", "exchange data.word", "exchange data.epoch",
               "futex_wake"});
}

TEST(KillPointsOfChannel, WhileItWakesOneWhoWaitsForMany) {
    channel_sweep swept;
    swept.run({.victim =
                   [](int k) {
                       channel_victim victim;
                       await_go();
                       die_before_step(k);
                       victim.send();
                       _exit(0);
                   },
               .when_ready = [&] { swept.rest().fall_asleep_among_many(); }},
              {"store record", "exchange data.word", "exchange data.epoch", "load data.told_at",
               "exchange place.marks", "exchange place.groups", "load place.word",
               "exchange place.epoch", "futex_wake"});
}

TEST(KillPointsOfChannel, WhileItWaitsForRoom) {
    channel_sweep swept;
    swept.rest().receives_at_once = false;
    swept.run({.victim =
                   [](int k) {
                       channel_victim victim;
                       await_go();
                       while (victim.try_send()) continue;
                       die_before_step(k);
                       victim.send();
                       _exit(0);
                   },
               .when_asleep = [&] { swept.rest().begin_to_receive(); }},
              {"load lap", "load room.epoch", "exchange room.word", "store record"});
}

TEST(KillPointsOfChannel, WhileItReceives) {
    channel_sweep swept;
    swept.run({.victim =
                   [](int k) {
                       channel_victim victim;
                       await_go();
                       die_before_step(k);
                       for (int i = 0; i < 4; ++i) victim.line().receive();
                       _exit(0);
                   },
               .when_ready =
                   [&] {
                       while (swept.rest().line().try_send(bytes_of(message(7)))) continue;
                   }},
              {"load record", "store lap", "load room.word", "madvise"});
}

TEST(KillPointsOfChannel, WhileItSleepsForAMessage) {
    channel_sweep swept;
    swept.run({.victim =
                   [](int k) {
                       channel_victim victim;
                       await_go();
                       die_before_step(k);
                       victim.line().receive();
                       _exit(0);
                   },
               .when_asleep =
                   [&] {  // or dead
                       complaint_of([&] { swept.rest().line().send(bytes_of("wake up")); });
                   }},
              {"load record", "load ended", "exchange data.word", "futex_wait"});
}

TEST(KillPointsOfChannel, WhileItCloses) {
    channel_sweep swept;
    swept.run({.victim =
                   [](int k) {
                       channel_victim victim;
                       await_go();
                       victim.send();
                       die_before_step(k);
                       victim.close();
                   },
               .may_leave = true},
              {"store ended", "store closed", "exchange data.word", "munmap"});
}

}  // namespace
}  // namespace signet::tests
