// SPDX-License-Identifier: Apache-2.0
// One thread that waits for the topics of several processes, which come, speak and get killed.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/wait_set.hpp>

#include <gtest/gtest.h>

namespace signet::tests {
namespace {

using testing::watchdog;

constexpr subscriber_options blocking{.policy = delivery::block};

/// Takes all there is; false where a message is torn or out of order.
template <class Message>
bool take_all(subscriber<Message>& from, sequence_check& order, int& count) {
    while (const auto got = from.try_receive()) {
        ++count;
        if (order.fault_of(got)) return false;
    }
    return true;
}

TEST(WaitSetBetweenProcesses, EveryMessageOfManyProcessesArrivesInOrder) {
    const own_rendezvous place;
    const context here{};
    constexpr int processes = 4;
    constexpr int each = 5000;
    std::vector<std::unique_ptr<subscriber<small_message>>> in;
    std::vector<os::child> speakers;
    wait_set set;
    for (int i = 0; i < processes; ++i) {
        const std::string name = "say/" + std::to_string(i);
        in.push_back(std::make_unique<subscriber<small_message>>(here, name, blocking));
        set.add(*in.back());
        speakers.push_back(start_actor({"say", name, std::to_string(each)}));
    }
    std::vector<sequence_check> order(processes);
    int count = 0;
    while (count < processes * each && !set.wait_for(watchdog).empty()) {
        for (std::size_t i = 0; i < in.size(); ++i) {
            ASSERT_TRUE(take_all(*in[i], order[i], count));
        }
    }
    EXPECT_EQ(count, processes * each);
    in.clear();
    for (const os::child& one : speakers) EXPECT_EQ(status_of(one), 0);
}

TEST(WaitSetBetweenProcesses, AKilledPublisherEndsTheWaitAndItsMessagesAreWhole) {
    const own_rendezvous place;
    const context here{};
    subscriber<small_message> small{here, "storm/small", blocking};
    subscriber<large_message> large{here, "storm/large", blocking};
    wait_set set;
    set.add(small);
    set.add(large);
    auto publisher = start_actor({"publish", "storm"});
    sequence_check orders[2];
    int count = 0;
    bool died = false;
    while (!died && !set.wait_for(watchdog).empty()) {
        ASSERT_TRUE(take_all(small, orders[0], count) && take_all(large, orders[1], count));
        if (count > 1000) publisher.handle().send_signal(SIGKILL);
        while (const auto event = small.try_event()) died = event->what == topic_event::kind::died;
    }
    EXPECT_TRUE(died);
}

}  // namespace
}  // namespace signet::tests
