// SPDX-License-Identifier: Apache-2.0
// Our MessagePack against another library's: each reads what the other one writes.
#include <signet/wire/dynamic_samples_test.hpp>

// Without it msgpack-cxx includes all of Boost.
#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

struct part {
    std::string name;
    std::optional<double> weight;
    bool operator==(const part&) const = default;
    MSGPACK_DEFINE_ARRAY(name, weight)
};
struct whole {
    bool ready;
    std::int8_t i8;
    std::int64_t i64;
    std::uint64_t u64;
    float f32;
    double f64;
    std::string text;
    std::vector<int> integers;
    std::vector<float> reals;
    std::vector<bool> flags;
    std::vector<unsigned char> octets;
    std::vector<part> parts;
    std::array<std::string, 2> words;
    std::map<std::string, std::vector<std::int16_t>> map;
    std::unordered_map<std::uint32_t, part> codes;
    bool operator==(const whole&) const = default;
    MSGPACK_DEFINE_ARRAY(ready, i8, i64, u64, f32, f64, text, integers, reals, flags, octets, parts,
                         words, map, codes)
};

static_assert(dynamic<whole>);

/// Lists around the lengths at which formats change, numbers around the widths.
whole sample(std::size_t size) {
    whole value{true,
                -1,
                -(1ll << 40),
                1ull << 63,
                0.1f,
                1e-300,
                std::string(size, 'x'),
                {},
                {},
                {},
                std::vector<unsigned char>(size, 9),
                {},
                {"a", ""},
                {},
                {}};
    for (std::size_t i = 0; i < size; ++i) {
        const int number = static_cast<int>(i * i * i);
        value.integers.push_back(i % 2 == 0 ? number : -number);
        value.reals.push_back(static_cast<float>(number) / 3);
        value.flags.push_back(i % 3 == 0);
        value.parts.push_back({"p", i % 2 == 0 ? std::optional{0.5} : std::nullopt});
        value.codes[static_cast<std::uint32_t>(number)] = {std::to_string(i), {}};
    }
    value.map = {{"", {}}, {"key", {-1, 300}}};
    return value;
}

class MessagePackOfSize : public testing::TestWithParam<std::size_t> {};

TEST_P(MessagePackOfSize, TheLibraryReadsWhatWeWrite) {
    const whole value = sample(GetParam());
    const std::vector<std::byte> bytes = samples::encoded(value);
    const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    EXPECT_EQ(handle->as<whole>(), value);
}

TEST_P(MessagePackOfSize, WeReadWhatTheLibraryWrites) {
    const whole value = sample(GetParam());
    msgpack::sbuffer buffer;
    msgpack::pack(buffer, value);
    EXPECT_EQ(samples::decoded<whole>(std::as_bytes(std::span{buffer.data(), buffer.size()})),
              value);
}

INSTANTIATE_TEST_SUITE_P(Lengths, MessagePackOfSize,
                         testing::Values(0u, 1u, 15u, 16u, 31u, 32u, 255u, 256u, 1000u, 65536u));

TEST(MessagePack, ValuesOfEveryKindAreSkippedAsAWhole) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> packing{buffer};
    packing.pack_array(4);
    packing.pack(sample(300));
    packing.pack_ext(40, 1).pack_ext_body(std::string(40, 'e').data(), 40);
    packing.pack_ext(16, 1).pack_ext_body(std::string(16, 'e').data(), 16);
    packing.pack(std::map<std::string, std::vector<double>>{{"a", {1, 2}}, {"b", {}}});
    detail::cursor from{std::as_bytes(std::span{buffer.data(), buffer.size()})};
    EXPECT_TRUE(from.skip());
    EXPECT_EQ(from.left(), 0u);
}

}  // namespace
}  // namespace signet::wire
