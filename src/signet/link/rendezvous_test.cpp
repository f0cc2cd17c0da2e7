// SPDX-License-Identifier: Apache-2.0
#include <signet/link/rendezvous.hpp>

#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <filesystem>

namespace signet::link {
namespace {

constexpr std::uint64_t someone = 7;

/// Somebody who put a name down, and whose socket nobody listens on any more.
void die_after_entering(const rendezvous& at, std::string_view topic) {
    const auto listener = at.listen(someone);
    at.enter(topic, {role::publisher, someone, 1});
}

TEST(Rendezvous, ASweepRemovesTheSocketsOfTheDead) {
    const testing::temporary_directory directory;
    const rendezvous at{directory.path()};
    die_after_entering(at, "robot/pose");
    at.sweep();
    EXPECT_TRUE(std::filesystem::is_empty(directory.path() + "/sockets"));
}

TEST(Rendezvous, ASweepRemovesTheirNamesUnderTopicsThatNobodyAsksFor) {
    const testing::temporary_directory directory;
    const rendezvous at{directory.path()};
    die_after_entering(at, "robot/pose");
    at.sweep();
    EXPECT_TRUE(at.topics().empty());
}

TEST(Rendezvous, ASweepKeepsTheNamesOfTheLiving) {
    const testing::temporary_directory directory;
    const rendezvous at{directory.path()};
    const listing self{role::publisher, someone, 1};
    const auto listener = at.listen(someone);
    at.enter("robot/pose", self);
    at.sweep();
    EXPECT_EQ(at.list("robot/pose"), std::vector{self});
}

}  // namespace
}  // namespace signet::link
