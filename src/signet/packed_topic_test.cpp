// SPDX-License-Identifier: Apache-2.0
// Messages that are not plain, and messages without a type, through the face: two contexts in one
// process, each with its own control thread.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/raw.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace signet {
namespace {

using testing::complaint_of;
using testing::watchdog;

struct place {
    double x;
    double y;
};

struct report {
    std::string title;
    std::vector<place> track;
    std::map<std::string, std::int32_t> counts;
    std::optional<std::string> remark;
    std::variant<std::int64_t, std::string> value;
};

report sample_report() {
    return {"lap", {{1, 2}, {3, 4}}, {{"left", 3}, {"right", -1}}, "windy", std::string{"dry"}};
}

/// A later version of it, with another optional field and another order.
struct report_2 {
    std::vector<place> track;
    std::string title;
    std::optional<double> temperature;
    std::map<std::string, std::int32_t> counts;
    std::optional<std::string> remark;
    std::variant<std::int64_t, std::string> value;
};

/// A version nobody else can read.
struct report_with_more {
    std::string title;
    std::vector<place> track;
    std::map<std::string, std::int32_t> counts;
    std::optional<std::string> remark;
    std::variant<std::int64_t, std::string> value;
    std::string judge;
};

/// Whatever travels in the notation of some other library.
struct figure {
    int value;
};

}  // namespace

template <>
struct codec<figure> {
    static std::string name() { return "decimal:figure"; }
    static std::size_t bytes(const figure& of) { return std::to_string(of.value).size(); }
    static void encode(const figure& of, std::span<std::byte> to) {
        std::memcpy(to.data(), std::to_string(of.value).data(), to.size());
    }
    static figure decode(std::span<const std::byte> from) {
        const std::string text{reinterpret_cast<const char*>(from.data()), from.size()};
        figure read{};
        const auto end = std::from_chars(text.data(), text.data() + text.size(), read.value);
        if (end.ec != std::errc{}) throw std::runtime_error{"no figure"};
        return read;
    }
};

namespace {

class PackedTopic : public ::testing::Test {
protected:
    /// What arrives of `message` at a subscriber of another type.
    template <class Seen, class Sent>
    Seen sent(const Sent& message, const publisher_options& options = {}) {
        publisher<Sent> out{here_, "t", options};
        subscriber<Seen> in{there_, "t"};
        EXPECT_TRUE(out.wait_for_subscribers_for(1, watchdog));
        out.publish(message);
        auto got = in.receive_for(watchdog);
        EXPECT_TRUE(got);
        return got ? *got : Seen{};
    }

    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
    context there_{{.directory = place_.path()}};
};

TEST_F(PackedTopic, AStructOfDynamicPartsArrives) {
    const auto got = sent<report>(sample_report());
    EXPECT_EQ(got.title, "lap");
    EXPECT_EQ(got.track.at(1).y, 4);
    EXPECT_EQ(got.counts, sample_report().counts);
    EXPECT_EQ(got.remark, "windy");
    EXPECT_EQ(std::get<std::string>(got.value), "dry");
}

TEST_F(PackedTopic, TextArrivesAsItIs) {
    EXPECT_EQ(sent<std::string>(std::string{"hello"}), "hello");
    EXPECT_EQ(sent<std::string>(std::string{}), "");
    EXPECT_EQ(sent<std::string>(std::string(100'000, 'x')), std::string(100'000, 'x'));
}

TEST_F(PackedTopic, ANewerReaderUnderstandsAnOlderWriter) {
    const auto got = sent<report_2>(sample_report());
    EXPECT_EQ(got.title, "lap");
    EXPECT_EQ(got.track.size(), 2u);
    EXPECT_FALSE(got.temperature);
}

TEST_F(PackedTopic, AnOlderReaderUnderstandsANewerWriter) {
    report_2 message{{{1, 2}}, "heat", 31.5, {}, std::nullopt, std::int64_t{7}};
    const auto got = sent<report>(message);
    EXPECT_EQ(got.title, "heat");
    EXPECT_EQ(std::get<std::int64_t>(got.value), 7);
}

TEST_F(PackedTopic, WhatIsNotOptionalIsRefusedByName) {
    publisher<report_with_more> out{here_, "t"};
    subscriber<report> in{there_, "t"};
    const auto complaint = complaint_of([&] { in.receive_for(watchdog); });
    EXPECT_NE(complaint.find("judge"), std::string::npos) << complaint;
    EXPECT_NE(complaint.find("optional"), std::string::npos) << complaint;
}

TEST_F(PackedTopic, APlainTypeAndAPackedOneDoNotMix) {
    publisher<place> out{here_, "t"};
    subscriber<report> in{there_, "t"};
    EXPECT_THROW(in.receive_for(watchdog), error);
}

TEST_F(PackedTopic, ATypeWithACodecTravelsByIt) {
    EXPECT_EQ(sent<figure>(figure{-1234}).value, -1234);
}

TEST_F(PackedTopic, WhatACodecCannotReadIsAnErrorThatNamesIt) {
    raw_publisher out{here_, "t", wire::payload_of<figure>::descriptor()};
    subscriber<figure> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(std::as_bytes(std::span{"x", 1}));
    const auto complaint = complaint_of([&] { in.receive_for(watchdog); });
    EXPECT_NE(complaint.find("decimal:figure"), std::string::npos) << complaint;
    out.publish(std::as_bytes(std::span{"7", 1}));
    EXPECT_EQ(in.receive_for(watchdog)->value, 7);
}

TEST_F(PackedTopic, MessagesMayGrowAsTheyLike) {
    publisher<std::string> out{here_, "t", {.depth = 4, .payload_bytes_typical = 10}};
    subscriber<std::string> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (std::size_t bytes = 1; bytes < 20'000'000; bytes *= 3) {
        out.publish(std::string(bytes, 'a'));
        ASSERT_EQ(*in.receive_for(watchdog), std::string(bytes, 'a')) << bytes;
    }
    out.publish("small again");
    EXPECT_EQ(*in.receive_for(watchdog), "small again");
}

TEST_F(PackedTopic, ALateJoinerIsGivenTheChunksThatWereMadeBefore) {
    publisher<std::string> out{here_, "t", {.history = 2, .payload_bytes_typical = 10}};
    out.publish(std::string(5000, 'b'));
    out.publish(std::string(500'000, 'c'));
    subscriber<std::string> in{there_, "t", {.history = 2}};
    EXPECT_EQ(in.receive_for(watchdog)->size(), 5000u);
    EXPECT_EQ(in.receive_for(watchdog)->size(), 500'000u);
}

TEST_F(PackedTopic, ABlockingSubscriberLosesNothingWhileMessagesGrow) {
    publisher<std::string> out{here_, "t", {.depth = 4}};
    subscriber<std::string> in{there_, "t", {.policy = delivery::block}};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::jthread writer{[&] {
        for (std::size_t i = 0; i < 300; ++i) out.publish(std::string(i * 100, 'd'));
    }};
    for (std::size_t i = 0; i < 300; ++i) ASSERT_EQ(in.receive_for(watchdog)->size(), i * 100);
}

TEST_F(PackedTopic, MoreThanTheLargestPayloadIsAnErrorThatSaysSo) {
    publisher<std::string> out{here_, "t", {.payload_bytes_max = 100}};
    const auto complaint = complaint_of([&] { out.publish(std::string(500, 'e')); });
    EXPECT_NE(complaint.find("payload_bytes_max"), std::string::npos) << complaint;
    EXPECT_TRUE(out.publish("fits"));
}

TEST_F(PackedTopic, MoreMemoryThanASegmentSpansIsAnErrorThatSaysWhatToLower) {
    raw_publisher out{here_, "t", wire::bytes_descriptor(), {.depth = 1 << 16}};
    const auto complaint = complaint_of([&] { out.loan(std::size_t{300} << 20); });
    EXPECT_NE(complaint.find("lower depth"), std::string::npos) << complaint;
    EXPECT_TRUE(out.loan(1000));
}

TEST_F(PackedTopic, ARawSubscriberSeesBytesAndWhatTheyAre) {
    publisher<place> out{here_, "t"};
    raw_subscriber in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({1, 2});
    const auto got = in.receive_for(watchdog);
    ASSERT_EQ(got.bytes().size(), sizeof(place));
    EXPECT_EQ(got.type(), wire::descriptor_of<place>());
    EXPECT_EQ(got.topic(), "t");
}

TEST_F(PackedTopic, ARawPublisherReachesATypedSubscriber) {
    raw_publisher out{here_, "t", wire::descriptor_of<place>()};
    subscriber<place> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    const place message{5, 6};
    out.publish(std::as_bytes(std::span{&message, 1}));
    EXPECT_EQ(in.receive_for(watchdog)->y, 6);
}

TEST_F(PackedTopic, ARawMessageOfAnotherSizeIsAMistakeOfTheProgram) {
    raw_publisher out{here_, "t", wire::descriptor_of<place>()};
    EXPECT_THROW(out.publish(std::vector<std::byte>(7)), contract_violation);
}

TEST_F(PackedTopic, ARawLoanIsSentAsFarAsItWasWritten) {
    raw_publisher out{here_, "t", wire::bytes_descriptor()};
    raw_subscriber in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (const std::size_t bytes : {0ul, 5ul, 3000ul}) {
        auto loan = out.loan(bytes + 10);
        ASSERT_EQ(loan.bytes().size(), bytes + 10);
        std::fill_n(loan.bytes().begin(), bytes, std::byte{7});
        ASSERT_TRUE(out.publish(std::move(loan), bytes));
        const auto got = in.receive_for(watchdog);
        EXPECT_EQ(got.bytes().size(), bytes);
        EXPECT_TRUE(std::all_of(got.bytes().begin(), got.bytes().end(),
                                [](std::byte b) { return b == std::byte{7}; }));
    }
}

TEST_F(PackedTopic, AHeldRawSampleStaysWhileOthersCome) {
    publisher<std::string> out{here_, "t", {.depth = 2}};
    raw_subscriber in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(std::string(2000, 'k'));
    const auto held = in.receive_for(watchdog);
    for (int i = 0; i < 50; ++i) out.publish(std::string(2000, 'l'));
    EXPECT_TRUE(std::all_of(held.bytes().begin(), held.bytes().end(),
                            [](std::byte b) { return b == std::byte{'k'}; }));
}

}  // namespace
}  // namespace signet
