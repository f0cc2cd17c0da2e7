// SPDX-License-Identifier: Apache-2.0
// Threads of one process that share a durable queue.
#include <signet/pattern/queue/durable_queue.hpp>

#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace signet::pattern {
namespace {

using testing::bytes_of;

constexpr std::uint64_t small_segment = 65536;

class DurableThreads : public ::testing::Test {
protected:
    std::string path() const { return root.path() + "/jobs"; }
    std::shared_ptr<queue_core> open() const {
        const queue_shape shape{.bytes = 1 << 20, .message_bytes_max = 10000};
        return open_durable_queue(path(), shape, opening::open_or_create, small_segment);
    }

    testing::temporary_directory root;
};

TEST_F(DurableThreads, EachThatPushesFindsItsOwnOnTheDisk) {
    const auto queue = open();
    std::vector<std::thread> pushers;
    for (int i = 0; i < 8; ++i) {
        pushers.emplace_back([&, i] {
            for (int k = 0; k < 20; ++k) queue->try_push(bytes_of(std::to_string(i)));
        });
    }
    for (std::thread& one : pushers) one.join();
    EXPECT_EQ(verify_log(path()).live, 160U);
}

TEST_F(DurableThreads, WhatSomePushAndOthersPopIsGoneInTheEnd) {
    constexpr int each = 100;
    {
        const auto queue = open();
        std::vector<std::thread> all;
        for (int i = 0; i < 2; ++i) {
            all.emplace_back([&] {
                for (int k = 0; k < each; ++k) queue->try_push(bytes_of("x"));
            });
            all.emplace_back([&] {
                for (int left = each; left > 0;) {
                    auto message = queue->try_pop();
                    if (!message) queue->wait_for_message({});
                    if (!message) continue;
                    queue->acknowledge(std::move(*message));
                    --left;
                }
            });
        }
        for (std::thread& one : all) one.join();
    }
    EXPECT_EQ(verify_log(path()).live, 0U);
}

TEST_F(DurableThreads, HandlesOfOneProcessCommitForEachOther) {
    const auto first = open();
    const auto second = open();
    std::thread other{[&] {
        for (int k = 0; k < 50; ++k) first->try_push(bytes_of("a"));
    }};
    for (int k = 0; k < 50; ++k) second->try_push(bytes_of("b"));
    other.join();
    EXPECT_EQ(verify_log(path()).live, 100U);
}

}  // namespace
}  // namespace signet::pattern
