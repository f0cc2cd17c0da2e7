// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace signet::testing {
namespace {

TEST(TemporaryDirectory, EachIsEmptyAndDifferent) {
    const temporary_directory a;
    const temporary_directory b;
    EXPECT_NE(a.path(), b.path());
    EXPECT_TRUE(std::filesystem::is_empty(a.path()));
}

TEST(TemporaryDirectory, ItIsRemovedWithAllItHolds) {
    std::string path;
    {
        const temporary_directory place;
        path = place.path();
        std::ofstream{path + "/file"} << "text";
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace signet::testing
