// SPDX-License-Identifier: Apache-2.0
// Everything that reads what a peer wrote, against bytes made by mutating good ones. The seeds are
// fixed. What is refused throws `error`, and nothing else; sanitizers see to the rest.
#include <signet/base/error.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/difference.hpp>
#include <signet/wire/frame.hpp>
#include <signet/wire/json.hpp>
#include <signet/wire/json_reader.hpp>
#include <signet/wire/mutator_test.hpp>

#include <optional>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

constexpr int mutations = 20'000;

enum class mode : std::uint16_t {};
struct vec {
    float x, y, z;
};
struct pose {
    vec place;
    vec trail[4];
    char name[12];
    std::array<std::array<double, 2>, 2> grid;
    mode state;
    bool ready;
};

std::optional<type_descriptor> try_decode(std::span<const std::byte> encoded) {
    try {
        return decode_descriptor(encoded);
    } catch (const error&) {
        return std::nullopt;
    }
}

/// Prints a message of random bytes, reads the text back, and compares with an honest type.
void use(const type_descriptor& type, mutator& random) {
    layout_differences(descriptor_of<pose>(), type);
    if (type.size() > 4096) return;
    std::string text;
    append_json(text, type, random.bytes(type.has_fixed_size() ? type.size() : random.below(99)),
                random.below(2) == 0 ? json_style::one_line : json_style::indented);
    try {
        parse_json(type, text);
    } catch (const error&) {  // text that was not UTF-8
    }
}

std::vector<std::byte> sample_frame() {
    const std::vector<std::byte> raw(40, std::byte{0xdd});
    std::vector<frame_writer> list(3);
    for (frame_writer& item : list) item.put("name", "robot/pose").put("size", 1 << 20);
    return frame_writer{"hello"}.put("pid", -7).put("raw", raw).put("list", list).take();
}

void read_all(const frame_reader& frame) {
    frame.i64_or("pid", 0);
    frame.bytes_or("raw", {});
    for (const frame_reader& item : frame.list("list")) {
        item.text("name");
        item.u64("size");
    }
}

TEST(HostileBytes, ADescriptorIsRefusedOrCanBeUsed) {
    mutator random{1};
    const std::vector<std::byte> good = encode(descriptor_of<pose>());
    int accepted = 0;
    for (int i = 0; i < mutations; ++i) {
        const std::optional<type_descriptor> type = try_decode(random.mutate(good));
        if (!type) continue;
        ++accepted;
        use(*type, random);
    }
    EXPECT_GT(accepted, mutations / 500);
}

TEST(HostileBytes, AFrameIsRefusedOrCanBeRead) {
    mutator random{2};
    const std::vector<std::byte> good = sample_frame();
    int accepted = 0;
    for (int i = 0; i < mutations; ++i) {
        try {
            read_all(frame_reader{random.mutate(good)});
            ++accepted;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::peer_misbehaved);
        }
    }
    EXPECT_GT(accepted, mutations / 100);
}

TEST(HostileBytes, AnyBytesOfTheRightSizeCanBePrinted) {
    mutator random{3};
    std::string text;
    for (int i = 0; i < mutations; ++i) {
        text.clear();
        append_json(text, descriptor_of<pose>(), random.bytes(sizeof(pose)));
    }
    EXPECT_FALSE(text.empty());
}

TEST(HostileBytes, BrokenJsonIsRefusedOrFillsTheMessage) {
    mutator random{4};
    std::string text;
    append_json(text, descriptor_of<pose>(), std::vector<std::byte>(sizeof(pose)));
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    for (int i = 0; i < mutations; ++i) {
        const auto broken = random.mutate({begin, begin + text.size()});
        const auto* chars = reinterpret_cast<const char*>(broken.data());
        try {
            EXPECT_EQ(parse_json(descriptor_of<pose>(), {chars, broken.size()}).size(),
                      sizeof(pose));
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::incompatible_type);
        }
    }
}

TEST(HostileBytes, NoiseIsNoFrameAndNoDescriptor) {
    mutator random{5};
    for (int i = 0; i < mutations; ++i) {
        const std::vector<std::byte> noise = random.bytes(random.below(64));
        EXPECT_FALSE(try_decode(noise));
        EXPECT_THROW(frame_reader{noise}, error);
    }
}

}  // namespace
}  // namespace signet::wire
