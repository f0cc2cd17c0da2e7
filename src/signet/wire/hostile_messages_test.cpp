// SPDX-License-Identifier: Apache-2.0
// Everything that reads messages of dynamic types, against bytes made by mutating good ones, and
// against bytes that change while they are read. What is refused throws `error`, and nothing else;
// sanitizers see to the rest.
#include <signet/base/error.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/dynamic_samples_test.hpp>
#include <signet/wire/json.hpp>
#include <signet/wire/json_reader.hpp>
#include <signet/wire/mutator_test.hpp>

#include <atomic>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

struct small {
    std::string name;
    std::vector<std::uint16_t> numbers;
    std::optional<std::variant<int, std::string>> chosen;
    std::map<std::string, bool> flags;
    char tag[3];
    std::vector<std::string> words;
};
struct small_before {
    std::vector<std::string> words;
    std::optional<std::vector<std::map<int, std::string>>> gone;
    std::map<std::string, bool> flags;
    std::string name;
    char tag[3];
    std::vector<std::uint16_t> numbers;
};

const reading_plan direct;

std::vector<std::byte> small_bytes() {
    small value{};
    value.name = "name";
    value.numbers = {1, 2, 3};
    value.chosen = 5;
    value.flags = {{"a", true}};
    value.words = {"x", ""};
    return samples::encoded(value);
}

std::vector<std::byte> small_before_bytes() {
    small_before value{};
    value.words = {"x", ""};
    value.gone = {{{1, "one"}}, {}};
    value.name = "name";
    value.numbers = {1, 2, 3};
    return samples::encoded(value);
}

template <class T>
std::optional<T> try_decode(std::span<const std::byte> bytes, const reading_plan& plan) {
    try {
        return payload_of<T>::decode(bytes, plan);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::peer_misbehaved);
        return std::nullopt;
    }
}

/// The same without the exception, which takes much longer than all else.
template <class T>
std::optional<T> try_read(std::span<const std::byte> bytes, const reading_plan& plan) {
    T message{};
    detail::cursor from{bytes};
    const detail::planned_way way{&plan, &plan.root()};
    if (detail::read(from, message, way) && from.left() == 0) return message;
    return std::nullopt;
}

/// Whether a message in `bytes` was read; if so, it is as good as any other.
template <class T>
bool survives(std::span<const std::byte> bytes, const reading_plan& plan = direct) {
    const std::optional<T> message = try_read<T>(bytes, plan);
    if (!message) return false;
    const std::vector<std::byte> again = samples::encoded(*message);
    const std::optional<T> second = try_read<T>(again, direct);
    EXPECT_TRUE(second && samples::encoded(*second).size() == again.size());
    return true;
}

/// How many of `rounds` mutations of `good` are messages.
template <class T>
int surviving(const std::vector<std::byte>& good, int rounds, const reading_plan& plan = direct) {
    mutator random{7};
    int count = 0;
    for (int i = 0; i < rounds; ++i) count += survives<T>(random.mutate(good), plan) ? 1 : 0;
    return count;
}

TEST(HostileMessages, AShortMessageIsRefusedOrRead) {
    const int rounds = 400'000;
    EXPECT_GT(surviving<small>(small_bytes(), rounds), rounds / 100);
}

TEST(HostileMessages, AMessageOfAnotherVersionIsRefusedOrRead) {
    const int rounds = 200'000;
    const auto plan = plan_reading(descriptor_of<small>(), descriptor_of<small_before>());
    EXPECT_FALSE(plan.direct());
    EXPECT_GT(surviving<small>(small_before_bytes(), rounds, plan), rounds / 100);
}

TEST(HostileMessages, AMessageOfEverythingIsRefusedOrRead) {
    const auto good = samples::encoded(samples::sample_everything());
    mutator random{2};
    int accepted = 0;
    for (int i = 0; i < 10'000; ++i) {
        accepted += try_decode<samples::everything>(random.mutate(good), direct) ? 1 : 0;
    }
    EXPECT_GT(accepted, 100);
}

TEST(HostileMessages, NoiseIsRefusedOrRead) {
    mutator random{3};
    for (int i = 0; i < 300'000; ++i) survives<small>(random.bytes(random.below(24)));
    for (int i = 0; i < 100'000; ++i) survives<samples::choice>(random.bytes(random.below(12)));
    EXPECT_TRUE(survives<small>(small_bytes()));
}

TEST(HostileMessages, WhatCanBeReadCanBePrintedAndReadBackFromThat) {
    mutator random{4};
    const std::vector<std::byte> good = small_bytes();
    for (int i = 0; i < 20'000; ++i) {
        const auto bytes = random.mutate(good);
        if (!try_decode<small>(bytes, direct)) continue;
        std::string text;
        append_json(text, descriptor_of<small>(), bytes);
        EXPECT_TRUE(survives<small>(parse_json(descriptor_of<small>(), text))) << text;
    }
}

std::optional<type_descriptor> try_decode_descriptor(std::span<const std::byte> encoded) {
    try {
        return decode_descriptor(encoded);
    } catch (const error&) {
        return std::nullopt;
    }
}

/// Makes a plan, prints noise and good bytes, reads the text back.
void use(const type_descriptor& type, mutator& random, const std::vector<std::byte>& good) {
    try {
        const bool readable = reading_obstacles(descriptor_of<small>(), type).empty();
        if (readable) survives<small>(good, plan_reading(descriptor_of<small>(), type));
        parse_json(type, "{}");
        std::string text;
        append_json(text, type, random.below(2) == 0 ? good : random.bytes(random.below(50)));
        parse_json(type, text);
    } catch (const error&) {  // most types do not fit the bytes
    }
}

TEST(HostileMessages, ADescriptorIsRefusedOrCanBeUsed) {
    mutator random{5};
    const std::vector<std::byte> good = encode(descriptor_of<small>());
    const std::vector<std::byte> message = small_bytes();
    int accepted = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto type = try_decode_descriptor(random.mutate(good));
        if (!type) continue;
        ++accepted;
        use(*type, random, message);
    }
    EXPECT_GT(accepted, 100);
}

/// A peer that writes to memory which we are reading.
class restless_writer {
public:
    explicit restless_writer(std::vector<std::byte>& bytes)
        : bytes_{bytes},
          good_{bytes},
          thread_{[this](const std::stop_token& stop) { run(stop); }} {}

private:
    void run(const std::stop_token& stop) {
        mutator random{6};
        while (!stop.stop_requested()) {
            const std::size_t at = random.below(bytes_.size());
            put(at, random.byte());
            put(random.below(bytes_.size()), random.byte());
            for (std::size_t i = 0; i < bytes_.size(); ++i) put(i, good_[i]);
        }
    }

    void put(std::size_t at, std::byte value) {
        // relaxed: nothing is promised to who reads it
        std::atomic_ref{bytes_[at]}.store(value, std::memory_order_relaxed);
    }

    std::vector<std::byte>& bytes_;
    const std::vector<std::byte> good_;
    std::jthread thread_;
};

TEST(HostileMessages, BytesThatChangeWhileTheyAreReadAreRefusedOrRead) {
    auto bytes = small_bytes();
    int accepted = 0;
    const restless_writer writer{bytes};
    for (int i = 0; i < 50'000 || (accepted == 0 && i < 50'000'000); ++i) {
        accepted += survives<small>(bytes) ? 1 : 0;
    }
    EXPECT_GT(accepted, 0);
}

TEST(HostileMessages, TypesReadByPlanFromBytesThatChangeAreRefusedOrRead) {
    const auto plan = plan_reading(descriptor_of<small>(), descriptor_of<small_before>());
    auto bytes = small_before_bytes();
    int accepted = 0;
    const restless_writer writer{bytes};
    for (int i = 0; i < 50'000 || (accepted == 0 && i < 50'000'000); ++i) {
        accepted += survives<small>(bytes, plan) ? 1 : 0;
    }
    EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace signet::wire
