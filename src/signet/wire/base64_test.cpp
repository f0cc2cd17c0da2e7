// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/base64.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
}

constexpr std::pair<const char*, const char*> rfc_examples[] = {{"", ""},
                                                                {"f", "Zg=="},
                                                                {"fo", "Zm8="},
                                                                {"foo", "Zm9v"},
                                                                {"foob", "Zm9vYg=="},
                                                                {"fooba", "Zm9vYmE="},
                                                                {"foobar", "Zm9vYmFy"},
                                                                {"\xff\xef\xbf", "/++/"}};

TEST(Base64, TheExamplesOfTheStandardAreWrittenAsItSays) {
    for (const auto& [raw, text] : rfc_examples) EXPECT_EQ(to_base64(bytes_of(raw)), text);
}

TEST(Base64, WhatIsWrittenIsReadBack) {
    for (const auto& [raw, text] : rfc_examples) EXPECT_EQ(from_base64(text), bytes_of(raw));
}

TEST(Base64, AnythingElseIsNotRead) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Z===", "====", "Zm9v=", "Zm 9", "Zm=v"}) {
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace signet::wire
