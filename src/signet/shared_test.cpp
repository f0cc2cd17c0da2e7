// SPDX-License-Identifier: Apache-2.0
#include <signet/shared.hpp>

#include <signet/structure.hpp>
#include <signet/sync.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace signet {
namespace {

using testing::complaint_of;

struct counters {
    std::uint64_t total;
    std::uint64_t last;
};

struct other {
    std::uint64_t total;
    std::uint32_t last;
};

class Shared : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    region here_{"shop", {.directory = place_.path()}};
    region there_{"shop", {.directory = place_.path()}};
};

TEST_F(Shared, WhatOneChangesTheOtherReads) {
    shared<counters> ours{here_, "hits"};
    shared<counters> theirs{there_, "hits"};
    ours.with([](counters& c) { c = {1, 2}; });
    EXPECT_EQ(theirs.read().last, 2u);
}

TEST_F(Shared, AnotherLayoutIsAnErrorThatNamesTheField) {
    const shared<counters> ours{here_, "hits"};
    const std::string complaint = complaint_of([&] { shared<other>{there_, "hits"}; });
    EXPECT_NE(complaint.find("last"), std::string::npos) << complaint;
}

}  // namespace
}  // namespace signet
