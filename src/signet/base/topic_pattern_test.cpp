// SPDX-License-Identifier: Apache-2.0
#include <signet/base/topic_pattern.hpp>

#include <signet/base/error.hpp>

#include <gtest/gtest.h>

namespace signet {
namespace {

std::string complaint(std::string_view text) {
    try {
        topic_pattern{text};
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::bad_name);
        return e.what();
    }
    return "accepted";
}

bool mentions(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

TEST(TopicPattern, ANameMatchesItselfAlone) {
    const topic_pattern one{"robot/pose"};
    EXPECT_FALSE(one.wild());
    EXPECT_TRUE(one.matches("robot/pose"));
    for (const char* other : {"robot", "robot/pos", "robot/pose2", "robot/pose/x", "x/robot/pose"})
        EXPECT_FALSE(one.matches(other)) << other;
}

TEST(TopicPattern, AStarIsExactlyOneSegment) {
    const topic_pattern any{"robot/*"};
    EXPECT_TRUE(any.wild());
    EXPECT_TRUE(any.matches("robot/pose"));
    for (const char* other : {"robot", "robot/arm/pose", "robots/pose", "pose"})
        EXPECT_FALSE(any.matches(other)) << other;
}

TEST(TopicPattern, AStarMayStandAnywhere) {
    EXPECT_TRUE(topic_pattern{"*"}.matches("pose"));
    EXPECT_FALSE(topic_pattern{"*"}.matches("robot/pose"));
    EXPECT_TRUE(topic_pattern{"*/pose"}.matches("robot/pose"));
    EXPECT_TRUE(topic_pattern{"robot/*/pose"}.matches("robot/left/pose"));
    EXPECT_FALSE(topic_pattern{"robot/*/pose"}.matches("robot/left/speed"));
    EXPECT_TRUE(topic_pattern{"*/*/pose"}.matches("robot/left/pose"));
}

TEST(TopicPattern, TwoStarsAreAnyNumberOfFurtherSegments) {
    const topic_pattern all{"robot/**"};
    for (const char* one : {"robot", "robot/pose", "robot/arm/left/pose"})
        EXPECT_TRUE(all.matches(one)) << one;
    EXPECT_FALSE(all.matches("robots"));
    EXPECT_FALSE(all.matches("x/robot/pose"));
}

TEST(TopicPattern, TwoStarsAloneAreEveryTopic) {
    EXPECT_TRUE(topic_pattern{"**"}.matches("pose"));
    EXPECT_TRUE(topic_pattern{"**"}.matches("robot/arm/left"));
}

TEST(TopicPattern, BothKindsMayStandInOne) {
    const topic_pattern both{"*/arm/**"};
    EXPECT_TRUE(both.matches("robot/arm"));
    EXPECT_TRUE(both.matches("robot/arm/left/pose"));
    EXPECT_FALSE(both.matches("arm/left"));
}

TEST(TopicPattern, TheSchemeIsTakenOff) {
    EXPECT_EQ(topic_pattern{"shm://robot/*"}.text(), "robot/*");
}

TEST(TopicPattern, TwoStarsMayStandOnlyAtTheEnd) {
    EXPECT_TRUE(mentions(complaint("robot/**/pose"), "'**' may stand only at the end"));
    EXPECT_TRUE(mentions(complaint("**/pose"), "'**' may stand only at the end"));
}

TEST(TopicPattern, AStarIsAWholeSegment) {
    for (const char* text : {"robot/po*", "*pose", "robot/***", "a*b/c"})
        EXPECT_TRUE(mentions(complaint(text), "stands for a whole part")) << text;
}

TEST(TopicPattern, TheOtherRulesOfNamesHold) {
    EXPECT_TRUE(mentions(complaint(""), "at least one character"));
    EXPECT_TRUE(mentions(complaint("*//x"), "extra '/'"));
    EXPECT_TRUE(mentions(complaint("../*"), "begins with '.'"));
}

TEST(TopicPattern, WhereOneNameIsWantedAStarIsRefused) {
    EXPECT_THROW(parse_address("robot/*"), error);
    EXPECT_THROW(parse_address("robot/**"), error);
}

}  // namespace
}  // namespace signet
