// SPDX-License-Identifier: Apache-2.0
// What a queue refuses, and what it says then.
#include "queue_fixture.hpp"

#include <signet/base/error.hpp>
#include <signet/queue.hpp>
#include <signet/testing/circumstances.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>

namespace signet {
namespace {

using testing::QueueTest;

/// What is thrown; no value: nothing is.
std::optional<error> error_of(const std::function<void()>& act) try {
    act();
    return std::nullopt;
} catch (const error& e) {
    return e;
}

bool says(const std::optional<error>& what, const std::string& part) {
    return what && std::string{what->what()}.find(part) != std::string::npos;
}

TEST_F(QueueTest, ADurabilityItDoesNotHaveIsRefused) {
    const auto own = jobs();
    options_.least = durability::host_crash;
    const auto refused = error_of([&] { static_cast<void>(jobs()); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::unsupported);
    EXPECT_EQ(own.survives(), durability::process_crash);
}

TEST_F(QueueTest, ADurabilityThatNoNameHasIsRefusedAndNothingIsMade) {
    options_.least = durability::host_crash;
    const auto refused = error_of([&] { static_cast<void>(jobs()); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::unsupported);
    options_.least = durability::process_crash;
    EXPECT_TRUE(error_of([&] { queue<job>::open("jobs", options_); }));
}

TEST_F(QueueTest, AnotherTypeIsRefusedFieldByField) {
    struct other_job {
        std::string number;
        std::string text;
    };
    const auto own = jobs();
    const auto refused = error_of([&] { queue<other_job> others{"jobs", options_}; });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::incompatible_type);
    EXPECT_TRUE(says(refused, "field 'number'")) << refused->what();
}

TEST_F(QueueTest, AnotherShapeIsRefusedOptionByOption) {
    options_.message_bytes_max = 1000;
    const auto own = jobs();
    options_.message_bytes_max = 2000;
    const auto refused = error_of([&] { static_cast<void>(jobs()); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::bad_option);
    EXPECT_TRUE(says(refused, "message_bytes_max: asked for 2000, it has 1000"));
}

TEST_F(QueueTest, AShapeThatCannotBeIsRefused) {
    options_.priorities = 99;
    EXPECT_EQ(error_of([&] { static_cast<void>(jobs()); })->code(), errc::bad_option);
}

TEST_F(QueueTest, AMessageOverTheLimitIsRefusedAndNothingIsPushed) {
    options_.message_bytes_max = 100;
    auto own = jobs();
    const auto refused = error_of([&] { own.push({1, std::string(200, 'x')}); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::too_large);
    EXPECT_TRUE(says(refused, "100"));
    EXPECT_EQ(own.length(), 0u);
}

TEST_F(QueueTest, ASeatTooManyIsRefused) {
    options_.seats = 2;
    const auto one = jobs();
    const auto two = jobs();
    const auto refused = error_of([&] { static_cast<void>(jobs()); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), errc::limit_reached);
}

TEST_F(QueueTest, APriorityItDoesNotHaveIsAMistake) {
    auto own = jobs();
    EXPECT_THROW(own.push({}, {.priority = 1}), contract_violation);
}

TEST_F(QueueTest, OpeningWhatIsNotThereIsToldWithItsName) {
    const auto refused = error_of([&] { queue<job>::open("nowhere", options_); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), std::errc::no_such_file_or_directory);
    EXPECT_TRUE(says(refused, "nowhere"));
}

TEST_F(QueueTest, CreatingWhatIsThereIsRefused) {
    const auto own = jobs();
    const auto refused = error_of([&] { queue<job>::create("jobs", options_); });
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), std::errc::file_exists);
}

TEST_F(QueueTest, ANameThatCannotBeIsRefused) {
    EXPECT_EQ(error_of([&] { queue<job>("no name", options_); })->code(), errc::bad_name);
    EXPECT_EQ(error_of([&] { queue<job>("tcp://host:80", options_); })->code(), errc::unsupported);
}

TEST_F(QueueTest, AFullFileSystemIsToldAndLeavesNothing) {
    const int refused = testing::exit_code_in_small_tmpfs(place_.path(), 1 << 20, [&] {
        options_.bytes = 64 << 20;
        options_.directory += "/below";  // what is mounted belongs to all
        const auto found = error_of([&] { static_cast<void>(jobs()); });
        if (!found || found->code() != std::errc::no_space_on_device) return 1;
        const auto nothing = error_of([&] { queue<job>::open("jobs", options_); });
        return nothing && nothing->code() == std::errc::no_such_file_or_directory ? 0 : 2;
    });
    EXPECT_EQ(refused, 0);
}

TEST_F(QueueTest, ADirectoryThatCannotBeWrittenIsTold) {
    ASSERT_EQ(chmod(place_.path().c_str(), 0555), 0);
    const int refused = testing::exit_code_as_nobody([&] {
        const auto found = error_of([&] { static_cast<void>(jobs()); });
        return found ? 0 : 1;
    });
    EXPECT_EQ(refused, 0);
    ASSERT_EQ(chmod(place_.path().c_str(), 0700), 0);
}

}  // namespace
}  // namespace signet
