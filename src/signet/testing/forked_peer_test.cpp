// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/forked_peer.hpp>

#include <gtest/gtest.h>
#include <signal.h>

#include <stdexcept>

namespace signet::testing {
namespace {

TEST(ForkedPeer, ItsResultIsItsExitCode) {
    EXPECT_EQ(forked_peer{[] { return 7; }}.exit_code(), 7);
}

TEST(ForkedPeer, WhatItThrowsEndsIt) {
    const auto body = []() -> int { throw std::runtime_error{"x"}; };
    EXPECT_EQ(forked_peer{body}.exit_code(), 126);
}

TEST(ForkedPeer, OneThatWaitsIsKilledWithItsObject) {
    int pid = 0;
    {
        const forked_peer peer{[]() -> int { wait_to_be_killed(); }};
        pid = peer.pid();
        EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ForkedPeer, TellsThatItWaits) {
    EXPECT_TRUE(forked_peer{[]() -> int { wait_to_be_killed(); }}.await());
    EXPECT_FALSE(forked_peer{[] { return 0; }}.await());
}

}  // namespace
}  // namespace signet::testing
