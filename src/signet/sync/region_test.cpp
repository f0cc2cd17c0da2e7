// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/region.hpp>

#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

namespace signet::sync {
namespace {

class Region : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    region_options here_{.directory = place_.path()};
};

TEST_F(Region, IsMadeByWhoComesFirst) {
    const region first{"shop", here_};
    const region second{"shop", here_};
    EXPECT_EQ(second.account().bytes, here_.bytes);
}

}  // namespace
}  // namespace signet::sync
