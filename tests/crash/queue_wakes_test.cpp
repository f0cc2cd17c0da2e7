// SPDX-License-Identifier: Apache-2.0
// Who sleeps in a queue is woken by what happens there, and does not have to look for itself.
#include "queue_survivors.hpp"
#include "region_survivors.hpp"
#include "sleepy_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

namespace signet::tests {
namespace {

class QueueWakes : public ::testing::Test {
protected:
    QueueWakes() { watch_sleeps(); }

    /// One who has the queue open until the end: who leaves wakes all.
    const worker& user() { return *users_.emplace_back(std::make_unique<worker>()); }

    /// Sleeps until it has popped one.
    static std::unique_ptr<sleepy_thread> popper(const worker& by) {
        return asleep([&by](const std::stop_token& stop) {
            while (!by.pop() && !stop.stop_requested()) by.queue->wait_for_message({.stop = stop});
        });
    }
    /// Sleeps until it has pushed one of 3,900 bytes.
    static std::unique_ptr<sleepy_thread> pusher(const worker& by) {
        return asleep([&by](const std::stop_token& stop) {
            const std::string text(3900, 'p');
            while (!by.push(text) && !stop.stop_requested())
                by.queue->wait_for_room(text.size(), {}, {.stop = stop});
        });
    }

    own_rendezvous place_;
    std::vector<std::unique_ptr<worker>> users_;
    worker here_;

private:
    template <class Act>
    static std::unique_ptr<sleepy_thread> asleep(Act act) {
        auto made = std::make_unique<sleepy_thread>([act](const std::stop_token& stop) {
            const trusting_sleeper trusts;
            act(stop);
        });
        EXPECT_TRUE(eventually([&] { return made->asleep(); }));
        return made;
    }
};

bool all_done(const std::vector<std::unique_ptr<sleepy_thread>>& all) {
    return eventually([&] {
        return std::all_of(all.begin(), all.end(), [](const auto& one) { return one->done(); });
    });
}

TEST_F(QueueWakes, AllWhoMayGoOnWhenALoanIsPushed) {
    std::vector<std::unique_ptr<sleepy_thread>> all;
    auto loan = here_.queue->try_loan(4);
    here_.push("behind");
    for (int i = 0; i < 2; ++i) all.push_back(popper(user()));
    here_.queue->push(std::move(*loan));
    EXPECT_TRUE(all_done(all));
}

TEST_F(QueueWakes, AllWhoMayGoOnWhenALoanIsDropped) {
    std::vector<std::unique_ptr<sleepy_thread>> all;
    auto loan = here_.queue->try_loan(4);
    for (const char* text : {"one", "two"}) here_.push(text);
    for (int i = 0; i < 2; ++i) all.push_back(popper(user()));
    here_.queue->drop(std::move(*loan));
    EXPECT_TRUE(all_done(all));
}

TEST_F(QueueWakes, AllWhoWaitForRoomWhenAllIsPurged) {
    std::vector<std::unique_ptr<sleepy_thread>> all;
    while (here_.push(std::string(3900, 'f'))) {
    }
    for (int i = 0; i < 2; ++i) all.push_back(pusher(user()));
    here_.queue->purge();
    EXPECT_TRUE(all_done(all));
}

TEST_F(QueueWakes, WhoPopsBesideADescriptorOfAnother) {
    const worker& watched = user();
    const worker& other = user();
    watched.queue->fd();
    for (int i = 0; i < 10; ++i) {
        const auto one = popper(other);
        EXPECT_TRUE(watched.push("text"));
        ASSERT_TRUE(eventually([&] { return one->done(); }));
        watched.pop();
    }
}

TEST_F(QueueWakes, WhoWaitsForRoomWhenWhatOthersHoldIsDelayed) {
    const std::string third(1200, 't');
    std::vector<pattern::held_message> held;
    const worker& other = user();
    for (int i = 0; here_.push(third); ++i) {
        auto one = other.queue->try_pop();
        if (i % 3 == 0) {
            held.push_back(std::move(*one));
        } else {
            other.queue->acknowledge(std::move(*one));
        }
    }
    const auto one = pusher(user());
    for (auto& message : held) other.queue->give_back(std::move(message), std::chrono::hours{1});
    EXPECT_TRUE(eventually([&] { return one->done(); }));
    other.queue->purge();
}

}  // namespace
}  // namespace signet::tests
