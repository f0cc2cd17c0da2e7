// SPDX-License-Identifier: Apache-2.0
// Coroutines of one thread that speak and listen to several processes.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/loop.hpp>

#include <gtest/gtest.h>

namespace signet::tests {
namespace {

using testing::watchdog;

constexpr int each = 2000;

task<> hear(loop& in, subscriber<small_message>& from, int& count) {
    sequence_check order;
    while (count < each) {
        const auto next = co_await in.receive_for(from, watchdog);
        if (!next || order.fault_of(next)) co_return;
        ++count;
    }
}

task<> say(loop& in, publisher<small_message>& to) {
    const bool somebody = co_await in.wait_for_subscribers(to, 1);
    small_message message;
    for (std::uint64_t i = 0; somebody && i < each; ++i) {
        fill(message, 1, i);
        const bool sent = co_await in.publish(to, message);
        if (!sent) co_return;
    }
}

class LoopBetweenProcesses : public ::testing::TestWithParam<drive> {
protected:
    const own_rendezvous place_;
    const context here_{{.drive = GetParam()}};
    loop loop_;
};

INSTANTIATE_TEST_SUITE_P(ByThreadAndByHand, LoopBetweenProcesses,
                         ::testing::Values(drive::thread, drive::manual));

TEST_P(LoopBetweenProcesses, EachCoroutineHearsItsProcess) {
    subscriber<small_message> one{here_, "say/1", {.policy = delivery::block}};
    subscriber<small_message> two{here_, "say/2", {.policy = delivery::block}};
    int counts[2] = {};
    loop_.spawn(hear(loop_, one, counts[0]));
    loop_.spawn(hear(loop_, two, counts[1]));
    const auto first = start_actor({"say", "say/1", std::to_string(each)});
    const auto second = start_actor({"say", "say/2", std::to_string(each)});
    loop_.run();
    EXPECT_EQ(counts[0], each);
    EXPECT_EQ(counts[1], each);
}

TEST_P(LoopBetweenProcesses, NothingIsLostToAProcessThatBlocks) {
    publisher<small_message> out{here_, "hear", {.depth = 4}};
    const auto listener = start_actor({"hear", "hear", std::to_string(each)});
    loop_.spawn(say(loop_, out));
    loop_.run();
    EXPECT_EQ(out.published(), std::uint64_t{each});
    EXPECT_EQ(status_of(listener), 0);
}

}  // namespace
}  // namespace signet::tests
