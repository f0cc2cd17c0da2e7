// SPDX-License-Identifier: Apache-2.0
#include "measurement.hpp"

#include "bench_round.hpp"

#include <bench/limits/bytes.hpp>
#include <bench/limits/processes.hpp>
#include <bench/limits/samples.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <fmt/core.h>

#include <cstring>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace signet::command {
namespace {

constexpr std::uint64_t goodbye = ~std::uint64_t{0} >> 8;
constexpr int warm_up = 20;

/// What the asking process found, for the one that waits for it.
struct findings {
    limits::sample_log round_trips_ns;
    double stream_ns = 0;
    std::uint64_t streamed = 0;
};

std::uint64_t number_of(const std::vector<std::byte>& message) {
    std::uint64_t number;
    std::memcpy(&number, message.data(), sizeof number);
    return number;
}

/// One process's end, with a buffer for each size of message.
class talker {
public:
    talker(mechanism_end& over, std::size_t bytes)
        : over_{over}, written_(bytes), read_(bytes), expected_(bytes) {}

    void say(std::uint64_t number) {
        limits::fill_bytes(written_, number);
        over_.send(written_);
    }

    /// The number of the next message, which must be whole.
    std::uint64_t hear() {
        over_.receive(read_);
        const std::uint64_t number = number_of(read_);
        limits::fill_bytes(expected_, number);
        if (read_ != expected_) throw std::runtime_error{"a message arrived changed"};
        return number;
    }

    void expect(std::uint64_t number) {
        const std::uint64_t heard = hear();
        if (heard == number) return;
        throw std::runtime_error{
            fmt::format("message {} came where {} was expected", heard, number)};
    }

private:
    mechanism_end& over_;
    std::vector<std::byte> written_;
    std::vector<std::byte> read_;
    std::vector<std::byte> expected_;
};

void ask_and_wait(talker& with, findings& found, std::uint64_t length_ticks) {
    const auto& clock = limits::tsc_clock::instance();
    std::uint64_t number = 0;
    const auto ask = [&] {
        with.say(number);
        with.expect(number++);
    };
    for (int i = 0; i < warm_up; ++i) ask();
    const std::uint64_t start = clock.now();
    for (std::uint64_t from = start; from - start < length_ticks && !found.round_trips_ns.full();) {
        ask();
        const std::uint64_t to = clock.now();
        found.round_trips_ns.add(clock.ns(to - from));
        from = to;
    }
    with.say(goodbye);
}

void answer_each(talker& with) {
    for (std::uint64_t number; (number = with.hear()) != goodbye;) with.say(number);
}

void stream(talker& large, talker& small, findings& found, std::uint64_t length_ticks) {
    const auto& clock = limits::tsc_clock::instance();
    const std::uint64_t start = clock.now();
    std::uint64_t number = 0;
    while (clock.now() - start < length_ticks) large.say(number++);
    large.say(goodbye);
    small.expect(number);
    found.stream_ns = clock.ns(clock.now() - start);
    found.streamed = number;
}

void drain(talker& large, talker& small) {
    std::uint64_t next = 0;
    for (std::uint64_t number; (number = large.hear()) != goodbye; ++next) {
        if (number != next) throw std::runtime_error{fmt::format("message {} was lost", next)};
    }
    small.say(next);
}

void run_two(exchange& meeting, const exchange_plan& plan, findings& found) {
    const std::uint64_t ticks = limits::tsc_clock::instance().ticks(plan.length);
    const auto cpus = limits::two_cpus();
    run_measured({{cpus.first,
                   [&] {
                       const auto end = meeting.asking();
                       talker small{*end, plan.round_trip_bytes};
                       talker large{*end, plan.stream_bytes};
                       ask_and_wait(small, found, ticks);
                       stream(large, small, found, ticks);
                   }},
                  {cpus.second, [&] {
                       const auto end = meeting.answering();
                       talker small{*end, plan.round_trip_bytes};
                       talker large{*end, plan.stream_bytes};
                       answer_each(small);
                       drain(large, small);
                   }}});
}

exchange_result result_of(const findings& found) {
    const auto samples = found.round_trips_ns.values();
    const auto trips = samples.size();
    return {.trouble = {},
            .round_trip_p50_ns = limits::percentiles_of(samples).p50,
            .stream_msgs_per_s = static_cast<double>(found.streamed) * 1e9 / found.stream_ns,
            .messages = 2 * trips + found.streamed};
}

}  // namespace

exchange_plan plan_of(const mechanism& what, std::chrono::milliseconds length) {
    return {what.round_trip_bytes, what.stream_bytes, length};
}

exchange_result measure_exchange(const mechanism& what, const exchange_plan& plan) {
    try {
        const private_directory place{std::filesystem::temp_directory_path()};  // a file system's
        const limits::shared<findings> found;
        const auto meeting = what.prepare(place.path());
        run_two(*meeting, plan, *found);
        return result_of(*found);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& e) {
        return {.trouble = e.what()};
    }
}

}  // namespace signet::command
