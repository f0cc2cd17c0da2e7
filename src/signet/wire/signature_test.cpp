// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/signature.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/json_untyped.hpp>
#include <signet/wire/mutator_test.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

struct point {
    double x, y;
    std::string name;
};

std::vector<method_signature> samples() {
    const value_signature where{
        .name = "to", .type = "point", .optional = false, .layout = packed_descriptor_of<point>()};
    const value_signature why{.type = "optional<text>",
                              .optional = true,
                              .layout = packed_descriptor_of<std::optional<std::string>>()};
    return {{.name = "move", .parameters = {where, why}, .result = {.type = "nothing"}},
            {.name = "watch", .parameters = {}, .result = {.type = "stream of point"}}};
}

TEST(Signatures, AreReadAsTheyWereWritten) {
    EXPECT_EQ(decode_signatures(encode(samples())), samples());
    EXPECT_TRUE(decode_signatures(encode(std::vector<method_signature>{})).empty());
}

TEST(Signatures, AreMapsThatAnyLanguageReads) {
    std::string json;
    append_untyped_json(json, encode({samples().back()}));
    EXPECT_EQ(json, R"([{"name":"watch","parameters":[],"result":{"type":"stream of point"}}])");
}

TEST(Signatures, OfAnotherVersionMayKnowMore) {
    const auto foreign = parse_untyped_json(
        R"([{"since":1,"name":"a","result":{"type":"x"},"parameters":[{"type":"y","unit":"m"}]}])");
    const auto methods = decode_signatures(*foreign);
    ASSERT_EQ(methods.size(), 1u);
    EXPECT_EQ(signature_text(methods[0]), "a(y) -> x");
}

TEST(Signatures, AreShownAsPeopleWriteThem) {
    EXPECT_EQ(signature_text(samples()[0]), "move(to: point, optional<text>)");
    EXPECT_EQ(signature_text(samples()[1]), "watch() -> stream of point");
}

TEST(Signatures, OfHostileBytesAreRefused) {
    const std::vector<std::byte> good = encode(samples());
    mutator change{1};
    for (int i = 0; i < 10'000; ++i) {
        try {
            decode_signatures(change.mutate(good));
        } catch (const error& e) {
            EXPECT_TRUE(e.code() == errc::peer_misbehaved ||
                        e.code() == errc::incompatible_version);
        }
    }
    EXPECT_THROW(decode_signatures(std::vector<std::byte>(description_bytes_max + 1)), error);
}

}  // namespace
}  // namespace signet::wire
