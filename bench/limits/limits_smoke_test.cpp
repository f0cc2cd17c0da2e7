// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/bytes.hpp>
#include <bench/limits/limits.hpp>
#include <bench/limits/mood.hpp>
#include <bench/limits/ping.hpp>
#include <bench/limits/processes.hpp>
#include <bench/limits/ring.hpp>
#include <bench/limits/samples.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace limits {
namespace {

using std::chrono::milliseconds;

std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
    std::string text;
    for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) {
        text.push_back(static_cast<char>(c));
    }
    return text;
}

void expect_positive(const nlohmann::json& object, const char* name) {
    ASSERT_TRUE(object.contains(name) && object[name].is_number()) << name;
    EXPECT_GT(object[name].get<double>(), 0) << name;
    EXPECT_TRUE(std::isfinite(object[name].get<double>())) << name;
}

TEST(Limits, TheProgramPrintsEveryLimitAsAPositiveNumber) {
    const auto json = nlohmann::json::parse(output_of(LIMITS_MAIN " 0.02"));
    for (const char* name : {"cacheline_rtt_ns", "futex_rtt_ns", "futex_rtt_one_core_ns",
                             "copy_gb_per_s", "ring_msgs_per_s", "cores"}) {
        expect_positive(json, name);
    }
    expect_positive(json.at("mood"), "cacheline_rtt_before_ns");
    expect_positive(json.at("mood"), "cacheline_rtt_after_ns");
    EXPECT_GE(json.at("mood").at("repeats").get<int>(), 0);
}

TEST(Limits, AScaleThatIsNotAboveZeroIsRefused) {
    EXPECT_THROW(measure(0), std::invalid_argument);
    EXPECT_THROW(measure(-1), std::invalid_argument);
    EXPECT_THROW(measure(std::nan("")), std::invalid_argument);
}

TEST(BareRing, MovesLargePayloadsUnharmed) {
    EXPECT_GT(bare_bulk_ring_gb_per_s(100'000, 3, milliseconds(1)), 0);
}

TEST(BareRing, WithoutBuffersOrBytesIsRefused) {
    EXPECT_THROW(bare_bulk_ring_gb_per_s(0, 3), std::invalid_argument);
    EXPECT_THROW(bare_bulk_ring_gb_per_s(64, 0), std::invalid_argument);
}

TEST(Ping, WorksOnOneCpuToo) {
    EXPECT_GT(cacheline_rtt_ns(spinning::plain, milliseconds(1), one_cpu()), 0);
}

TEST(Mood, ChangesWhenAPingGrowsByMoreThanHalf) {
    EXPECT_TRUE(same_mood(100, 150));
    EXPECT_TRUE(same_mood(150, 100));
    EXPECT_FALSE(same_mood(100, 151));
    EXPECT_FALSE(same_mood(151, 100));
}

TEST(Processes, AChildThatDiesIsNoticedAndItsPartnerEnded) {
    const int cpu = one_cpu().first;
    const auto linger = [] {
        for (;;) {
            spin_yielding{}();
        }
    };
    EXPECT_THROW(run_together({{cpu, linger}, {cpu, [] { std::_Exit(3); }}}), std::runtime_error);
}

TEST(Processes, ACpuThatDoesNotExistIsAFailure) {
    EXPECT_THROW(run_together({{8191, [] {}}}), std::runtime_error);
}

TEST(Samples, PercentilesAreOfTheNearestRank) {
    std::vector<double> samples(1000);
    std::iota(samples.rbegin(), samples.rend(), 1);
    const percentiles found = percentiles_of(samples);
    EXPECT_EQ(found.p50, 500);
    EXPECT_EQ(found.p99, 990);
    EXPECT_EQ(found.p999, 999);
}

TEST(Samples, OneSampleIsEveryPercentileAndNoneIsRefused) {
    EXPECT_EQ(percentiles_of({7}).p999, 7);
    EXPECT_THROW(percentiles_of({}), std::invalid_argument);
}

TEST(Bytes, TheSumOfAFillIsKnownBeforehand) {
    std::vector<std::byte> bytes(4096);
    fill_bytes(bytes, 42);
    EXPECT_EQ(sum_bytes(bytes), sum_of_fill(bytes.size(), 42));
}

TEST(Bytes, EveryByteOfAnySizeIsWrittenAndCounts) {
    for (std::size_t size = 1; size < 40; ++size) {
        std::vector<std::byte> bytes(size);
        fill_bytes(bytes, 0x0101010101010101);
        const std::uint64_t sum = sum_bytes(bytes);
        for (std::byte& each : bytes) {
            ASSERT_NE(each, std::byte{0}) << size;
            each ^= std::byte{0x80};
            ASSERT_NE(sum_bytes(bytes), sum) << size;
            each ^= std::byte{0x80};
        }
    }
}

TEST(TscClock, GoesForwardAtAKnownRate) {
    const tsc_clock& clock = tsc_clock::instance();
    EXPECT_GT(clock.ns_per_tick(), 0);
    const std::uint64_t before = clock.now();
    EXPECT_GE(clock.now(), before);
    EXPECT_NEAR(clock.ns(clock.ticks(milliseconds(10))), 1e7, 1e3);
}

}  // namespace
}  // namespace limits
