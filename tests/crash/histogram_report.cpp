// SPDX-License-Identifier: Apache-2.0
// At the end of a test program that sweeps: how often a process was killed, and in which states.
#include "state_names.hpp"

#include <gtest/gtest.h>

#include <iostream>

namespace signet::tests {
namespace {

class histogram_report : public ::testing::Environment {
public:
    void TearDown() override {
        const state_histogram& all = state_histogram::instance();
        if (all.total() == 0) return;
        std::cout << all.text() << all.total() << " kills in " << all.states() << " states\n";
    }
};

[[maybe_unused]] const auto* const registered =
    ::testing::AddGlobalTestEnvironment(new histogram_report);

}  // namespace
}  // namespace signet::tests
