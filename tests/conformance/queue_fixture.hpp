// SPDX-License-Identifier: Apache-2.0
// A queue of jobs in a directory of the test's own, for tests between processes. Single-threaded.
#pragma once

#include <signet/queue.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace signet::testing {

class QueueTest : public ::testing::Test {
protected:
    struct job {
        int number = 0;
        std::string text{};
    };

    QueueTest() { options_.directory = place_.path(); }

    /// Opens it anew, or makes it.
    queue<job> jobs() const { return queue<job>{"jobs", options_}; }

    /// Runs to its end; what fails there fails here.
    static void in_another_process(const std::function<void()>& body) {
        forked_peer peer{[&]() -> int {
            body();
            return ::testing::Test::HasFailure() ? 1 : 0;
        }};
        EXPECT_EQ(peer.exit_code(), 0);
    }

    /// Pops all there is, and acknowledges it.
    std::vector<int> numbers_of_all() const {
        std::vector<int> numbers;
        for (auto own = jobs(); auto message = own.try_pop();) {
            numbers.push_back(message->number);
            message.ack();
        }
        return numbers;
    }

    temporary_directory place_;
    queue_options options_;
};

}  // namespace signet::testing
