// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/exec_words.hpp>

#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

namespace signet::transport::pipe {
namespace {

using testing::complaint_of;
using words = std::vector<std::string>;

TEST(ExecWords, ArePartedByBlanks) {
    EXPECT_EQ(split_words("sort -n"), (words{"sort", "-n"}));
    EXPECT_EQ(split_words("  sort \t -n\n"), (words{"sort", "-n"}));
}

TEST(ExecWords, HaveBlanksInThemWhereTheyAreQuoted) {
    EXPECT_EQ(split_words("sh -c 'read x; echo \"$x\"'"),
              (words{"sh", "-c", "read x; echo \"$x\""}));
    EXPECT_EQ(split_words(R"(a "b c" d\ e)"), (words{"a", "b c", "d e"}));
}

TEST(ExecWords, AreLeftAloneInQuotes) {
    EXPECT_EQ(split_words(R"('\n$x' "\"\\\n$x")"), (words{R"(\n$x)", R"("\\n$x)"}));
}

TEST(ExecWords, AreJoinedWhereNoBlankPartsThem) {
    EXPECT_EQ(split_words(R"(a'b'"c"\d)"), (words{"abcd"}));
    EXPECT_EQ(split_words("a '' b"), (words{"a", "", "b"}));
}

TEST(ExecWords, ThatCannotBeAreRefused) {
    EXPECT_NE(complaint_of([] { split_words("  "); }).find("name a program"), std::string::npos);
    EXPECT_NE(complaint_of([] { split_words("sh -c 'x"); }).find("not closed"), std::string::npos);
    EXPECT_NE(complaint_of([] { split_words("x\\"); }).find("backslash"), std::string::npos);
    EXPECT_NE(complaint_of([] { split_words({"a\0b", 3}); }).find("a zero byte"),
              std::string::npos);
}

}  // namespace
}  // namespace signet::transport::pipe
