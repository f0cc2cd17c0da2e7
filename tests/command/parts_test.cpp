// SPDX-License-Identifier: Apache-2.0
// Small parts of the command.
#include <edit_distance.hpp>
#include <text_table.hpp>
#include <units.hpp>

#include <gtest/gtest.h>

namespace signet::command {
namespace {

using namespace std::chrono_literals;
using enum table_column::alignment;

TEST(EditDistance, CountsLettersToInsertRemoveReplaceAndExchange) {
    EXPECT_EQ(edit_distance("pose", "pose"), 0u);
    EXPECT_EQ(edit_distance("pose", "poses"), 1u);
    EXPECT_EQ(edit_distance("pose", "psoe"), 1u);
    EXPECT_EQ(edit_distance("pose", "nose"), 1u);
    EXPECT_EQ(edit_distance("", "pose"), 4u);
}

TEST(EditDistance, TellsWhatMayHaveBeenMeant) {
    EXPECT_TRUE(may_mean("ad", "add"));
    EXPECT_TRUE(may_mean("robot/psoe", "robot/pose"));
    EXPECT_FALSE(may_mean("add", "add"));
    EXPECT_FALSE(may_mean("add", "sub"));
    EXPECT_FALSE(may_mean("add", std::string(1'000'000, 'a')));
}

TEST(Units, HaveThreeDigits) {
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(980), "980");
    EXPECT_EQ(count_text(12345), "12.3k");
    EXPECT_EQ(bytes_text(1.02e9), "1.02 GB");
    EXPECT_EQ(duration_text(980ns), "980 ns");
    EXPECT_EQ(duration_text(3200ms), "3.20 s");
    EXPECT_EQ(duration_text(3h), "3 h");
}

TEST(Units, TheLargestNumberIsNoHarm) {
    EXPECT_EQ(count_text(1.8e19), "18E");
}

TEST(TextTable, ColumnsAreAligned) {
    text_table table{{{"NAME"}, {"N", right}, {"NOTES"}}};
    table.add({"a", "10", "x"});
    EXPECT_EQ(table.lines(), (std::vector<std::string>{"NAME   N  NOTES", "a     10  x"}));
}

TEST(TextTable, WhatMattersLeastIsLeftOutWhereTheWindowIsNarrow) {
    text_table table{{{"NAME"}, {"LITTLE", right, 2}, {"SOME", right, 1}, {"NOTES"}}};
    EXPECT_EQ(table.lines(18), (std::vector<std::string>{"NAME  SOME  NOTES"}));
    EXPECT_EQ(table.lines(1), (std::vector<std::string>{"NAME  NOTES"}));
}

TEST(TextTable, LettersOfSeveralBytesAreOneCharacter) {
    EXPECT_EQ(characters("éa"), 2u);
}

}  // namespace
}  // namespace signet::command
