// SPDX-License-Identifier: Apache-2.0
#include <signet/base/name.hpp>

#include <signet/base/error.hpp>

#include <gtest/gtest.h>

namespace signet {
namespace {

std::string complaint(std::string_view text) {
    try {
        parse_address(text);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::bad_name);
        return e.what();
    }
    return "accepted";
}

TEST(Name, ABareNameIsCarriedBySharedMemory) {
    EXPECT_EQ(parse_address("robot/pose"), (address{"shm", "robot/pose"}));
    EXPECT_EQ(parse_address("shm://robot/pose"), parse_address("robot/pose"));
}

TEST(Name, LettersDigitsAndThreeMarksAreAllowed) {
    EXPECT_EQ(parse_address("a-b_c.9/Z").name, "a-b_c.9/Z");
    EXPECT_EQ(parse_address(std::string(name_bytes_max, 'x')).name.size(), name_bytes_max);
}

TEST(Name, ANameThatClimbsIsRefused) {
    EXPECT_NE(complaint("../x").find("begins with '.'"), std::string::npos);
    EXPECT_NE(complaint("a/../b").find("begins with '.'"), std::string::npos);
    EXPECT_NE(complaint(".").find("begins with '.'"), std::string::npos);
}

TEST(Name, AnEmptyPartIsRefused) {
    EXPECT_NE(complaint("").find("at least one character"), std::string::npos);
    EXPECT_NE(complaint("a//b").find("extra '/'"), std::string::npos);
    EXPECT_NE(complaint("/a").find("extra '/'"), std::string::npos);
    EXPECT_NE(complaint("a/").find("extra '/'"), std::string::npos);
}

TEST(Name, ALongNameIsRefusedWithItsLength) {
    EXPECT_NE(complaint(std::string(300, 'x')).find("300 bytes; at most 200"), std::string::npos);
}

TEST(Name, OtherCharactersAreRefused) {
    for (const char* text : {"a b", "a:b", "a\nb", "\xc3\xa9"}) {
        EXPECT_NE(complaint(text).find("has only letters"), std::string::npos) << text;
    }
    EXPECT_NE(complaint(std::string_view{"a\0b", 3}).find("has only"), std::string::npos);
}

TEST(Name, AnotherCarrierIsRefusedByItsScheme) {
    EXPECT_NE(complaint("tcp://host:1").find("only shm://"), std::string::npos);
}

}  // namespace
}  // namespace signet
