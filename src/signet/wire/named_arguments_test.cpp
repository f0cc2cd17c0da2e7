// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/named_arguments.hpp>

#include <signet/wire/json_untyped.hpp>
#include <signet/wire/json_untyped_reader.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

const std::vector<std::string> names{"from", "to", "step"};

argument_row place(std::string_view json, const std::vector<std::string>& of = names) {
    detail::message_builder named;
    detail::json_scanner from{json};
    EXPECT_TRUE(append_untyped(named, from));
    return place_arguments(named.bytes, of);
}

/// The arguments in a row, or what is wrong.
std::string row(std::string_view json, const std::vector<std::string>& of = names) {
    const argument_row placed = place(json, of);
    if (!placed.complaint.empty()) return placed.complaint;
    std::vector<std::byte> list{static_cast<std::byte>(0x90 | placed.count)};
    list.insert(list.end(), placed.values.begin(), placed.values.end());
    std::string text;
    append_untyped_json(text, list);
    return text;
}

TEST(NamedArguments, AreOrderedAsTheNamesAre) {
    EXPECT_EQ(row("{\"step\":3,\"from\":[1],\"to\":{\"a\":2}}"), "[[1],{\"a\":2},3]");
}

TEST(NamedArguments, ThatAreMissingAreNilInTheMiddleAndLeftOutAtTheEnd) {
    EXPECT_EQ(row("{\"step\":3}"), "[null,null,3]");
    EXPECT_EQ(row("{\"from\":1}"), "[1]");
    EXPECT_EQ(row("{}"), "[]");
    EXPECT_EQ(row("{}", {}), "[]");
}

TEST(NamedArguments, WithUnknownNamesAreRefusedWithThoseThereAre) {
    EXPECT_EQ(row("{\"form\":1}"), "there is no parameter 'form'; there are 'from', 'to', 'step'");
    EXPECT_EQ(row("{\"from\":1}", {}),
              "its parameters have no names: give its arguments in an array");
    EXPECT_LT(row("{\"" + std::string(10'000, 'x') + "\":1}").size(), 200u);
}

TEST(NamedArguments, AreThereOnce) {
    EXPECT_EQ(row("{\"to\":1,\"to\":1}"), "there is a parameter 'to' twice");
}

}  // namespace
}  // namespace signet::wire
