// SPDX-License-Identifier: Apache-2.0
// Messages from nothing to a quarter of a gigabyte, from one process to another, each byte checked.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <gtest/gtest.h>

namespace signet::tests {
namespace {

using transport::patience;
using transport::shm::topic_publisher;

constexpr std::size_t largest = std::size_t{256} << 20;

class Payload : public ::testing::Test {
protected:
    bool publish(std::size_t bytes) {
        const patience limit{after(testing::watchdog), {}};
        if (out_.fits_slot(bytes)) {
            std::array<std::byte, memory::inline_bytes_limit> small;
            fill_bytes(small.data(), bytes);
            return out_.publish_inline(small.data(), bytes, limit);
        }
        const auto loan = out_.loan(bytes, limit);
        if (!loan) return false;
        fill_bytes(loan->data, bytes);
        return out_.publish_loan(*loan, bytes, limit);
    }

    static os::child listener(int count) {
        return start_actor({"weigh", "t", std::to_string(count)});
    }

    own_rendezvous place_;
    context context_;
    topic_publisher out_{
        context_.plane(), "t", wire::bytes_descriptor(), {.depth = 16, .history = 8}};
};

TEST_F(Payload, AnEmptyMessageArrives) {
    const os::child hears = listener(2);
    ASSERT_TRUE(out_.wait_for_subscribers(1, {after(testing::watchdog), {}}));
    EXPECT_TRUE(publish(0));
    EXPECT_TRUE(publish(0));
    EXPECT_EQ(status_of(hears), 0);
}

TEST_F(Payload, MessagesThatGrowTo256MiBArriveWhole) {
    const os::child hears = listener(5);
    ASSERT_TRUE(out_.wait_for_subscribers(1, {after(testing::watchdog), {}}));
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{1000}, largest / 64, largest}) {
        EXPECT_TRUE(publish(bytes));
    }
    EXPECT_TRUE(publish(2));
    EXPECT_EQ(status_of(hears), 0);
}

TEST_F(Payload, WhoJoinsAfterItGrewReadsTheLargeOnesToo) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{5000}, largest}) {
        EXPECT_TRUE(publish(bytes));
    }
    EXPECT_EQ(status_of(listener(3)), 0);
}

}  // namespace
}  // namespace signet::tests
