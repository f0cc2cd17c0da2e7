// SPDX-License-Identifier: Apache-2.0
#include <signet/base/time.hpp>

#include <gtest/gtest.h>

namespace signet {
namespace {

using namespace std::chrono_literals;

TEST(Time, ADeadlineLiesAheadByItsDuration) {
    EXPECT_EQ(after(5ms, clock::time_point{2ms}), clock::time_point{7ms});
}

TEST(Time, ADurationBeyondTheClockMeansNever) {
    EXPECT_EQ(after(std::chrono::nanoseconds::max(), clock::time_point{1ns}), never);
}

}  // namespace
}  // namespace signet
