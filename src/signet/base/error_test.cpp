// SPDX-License-Identifier: Apache-2.0
#include <signet/base/error.hpp>

#include <gtest/gtest.h>

namespace signet {
namespace {

TEST(Error, SaysWhatWasTriedOnWhatWhyAndWhatToDo) {
    const error e{errc::limit_reached, "join topic", "robot/pose", "raise subscribers_max"};
    EXPECT_STREQ(e.what(), "cannot join topic 'robot/pose': limit reached; raise subscribers_max");
}

TEST(Error, LeavesOutWhatItWasNotTold) {
    const error e{std::make_error_code(std::errc::not_enough_memory), "map memory"};
    EXPECT_STREQ(e.what(), "cannot map memory: Cannot allocate memory");
}

TEST(Error, IsASystemErrorThatComparesWithItsCode) {
    const error e{errc::refused, "connect"};
    EXPECT_EQ(e.code(), errc::refused);
    EXPECT_STREQ(e.code().category().name(), "signet");
}

TEST(Error, EveryCodeHasWordsOfItsOwn) {
    for (int value = 1; value <= static_cast<int>(errc::forked); ++value) {
        EXPECT_NE(signet_category().message(value), "unknown error") << value;
    }
    EXPECT_EQ(signet_category().message(0), "unknown error");
}

}  // namespace
}  // namespace signet
