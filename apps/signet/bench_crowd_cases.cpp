// SPDX-License-Identifier: Apache-2.0
// Idle subscribers, an observer, and encoding into loans. What is compared takes turns in the same
// process, a fraction of a millisecond or an observer's phase each.
#include "bench_crowd.hpp"

#include <bench/limits/tsc_clock.hpp>

#include <signet/observe/watch.hpp>
#include <signet/raw.hpp>
#include <signet/wire/payload.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <stdexcept>
#include <thread>

namespace signet::command {

/// About a kilobyte, of everything that has no fixed size.
struct crowd_record {
    std::string name;
    std::vector<double> readings;
    std::vector<std::string> notes;
    std::map<std::string, std::int64_t> counts;
};

namespace {

using namespace std::chrono_literals;
using limits::tsc_clock;

/// Two logs that are written in turns, in memory that processes share.
struct two_logs {
    std::array<limits::sample_log, 2> logs;
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> phase{0};  // odd: somebody observes

    crowd_pair medians() const {
        return {limits::median(logs[0].values()), limits::median(logs[1].values())};
    }
    void end() noexcept { over.store(true, std::memory_order_relaxed); }          // relaxed: a flag
    bool ended() const noexcept { return over.load(std::memory_order_relaxed); }  // relaxed: a flag
    void wait_for_end() const {
        while (!ended()) std::this_thread::sleep_for(2ms);
    }
};

// ---- idle subscribers ---------------------------------------------------------------------------

constexpr std::size_t crowd = 100;
constexpr std::array<const char*, 2> idle_topics{"bench/one", "bench/many"};

void attend(const std::string& directory, const two_logs& all) {
    const context here{{.directory = directory}};
    const subscriber_options idle{.waiting = wait_mode::sleep};
    const subscriber<crowd_message> one{here, idle_topics[0], idle};
    std::deque<subscriber<crowd_message>> many;
    for (std::size_t i = 0; i < crowd; ++i) many.emplace_back(here, idle_topics[1], idle);
    all.wait_for_end();
}

double publish_ns(publisher<crowd_message>& to) {
    constexpr int messages = 4096;
    const auto& clock = tsc_clock::instance();
    const std::uint64_t from = clock.now();
    for (std::uint64_t i = 0; i < messages; ++i) to.publish(crowd_message{{i}});
    return clock.ns(clock.now() - from) / messages;
}

void publish_to_idle(const std::string& directory, const effort& how, two_logs& all) {
    const context here{{.directory = directory}};
    const publisher_options options{.depth = 4096, .waiting = wait_mode::sleep};
    std::array<publisher<crowd_message>, 2> to{publisher<crowd_message>{here, "bench/one", options},
                                               {here, "bench/many", options}};
    to[0].wait_for_subscribers(1);
    to[1].wait_for_subscribers(crowd);
    for (auto& each : to) publish_ns(each);  // warms up
    const deadline enough = after(how.length);
    while (clock::now() < enough) {
        for (const std::size_t i : {0u, 1u}) all.logs[i].add(publish_ns(to[i]));
    }
    all.end();
}

crowd_pair idle_round(const effort& how) {
    const private_directory place;
    const limits::shared<two_logs> all;
    const limits::cpu_pair cpus = limits::two_cpus();
    tsc_clock::instance();  // calibrated before the fork
    run_measured({{cpus.first, [&] { publish_to_idle(place.path(), how, *all); }},
                  {cpus.second, [&] { attend(place.path(), *all); }}});
    return all->medians();
}

// ---- encoding into a loan -----------------------------------------------------------------------

using record_payload = wire::payload_of<crowd_record>;

crowd_record a_record() {
    crowd_record made;
    made.name = "a machine among many";
    for (int i = 0; i < 40; ++i) made.readings.push_back(1.0 / (i + 1));
    for (int i = 0; i < 10; ++i)
        made.notes.push_back("a note of some forty characters, number " + std::to_string(i));
    for (int i = 0; i < 10; ++i) made.counts["counter " + std::to_string(i)] = i * 1000;
    return made;
}

constexpr int records = 64;  // between two changes

double encode_to_buffer_ns(const crowd_record& message, std::vector<std::byte>& buffer) {
    std::uint64_t ticks = 0;
    for (int i = 0; i < records; ++i) {
        const std::uint64_t from = tsc_clock::now();
        buffer.resize(record_payload::bytes(message));
        record_payload::encode(message, buffer);
        ticks += tsc_clock::now() - from;
    }
    return tsc_clock::instance().ns(ticks) / records;
}

/// Each loan is published, so that the next one is other memory.
double encode_to_loan_ns(const crowd_record& message, raw_publisher& to) {
    const std::size_t room = record_payload::bytes(message);
    std::uint64_t ticks = 0;
    for (int i = 0; i < records; ++i) {
        raw_loan loan = to.loan(room);
        const std::uint64_t from = tsc_clock::now();
        const std::size_t bytes = record_payload::bytes(message);
        record_payload::encode(message, loan.bytes());
        ticks += tsc_clock::now() - from;
        to.publish(std::move(loan), bytes);
    }
    return tsc_clock::instance().ns(ticks) / records;
}

void encode_both(const std::string& directory, const effort& how, two_logs& all) {
    const context here{{.directory = directory}};
    raw_publisher to{here, "bench/records", record_payload::descriptor()};
    to.wait_for_subscribers(1);
    const crowd_record message = a_record();
    std::vector<std::byte> buffer;
    for (int i = 0; i < how.warm_up; ++i) encode_to_loan_ns(message, to);
    const deadline enough = after(how.length);
    do {
        all.logs[0].add(encode_to_buffer_ns(message, buffer));
        all.logs[1].add(encode_to_loan_ns(message, to));
    } while (clock::now() < enough);
    all.end();
}

void attend_records(const std::string& directory, const two_logs& all) {
    const context here{{.directory = directory}};
    const subscriber<crowd_record> one{here, "bench/records", {.waiting = wait_mode::sleep}};
    all.wait_for_end();
}

crowd_pair encode_round(const effort& how) {
    const private_directory place;
    const limits::shared<two_logs> all;
    const limits::cpu_pair cpus = limits::two_cpus();
    tsc_clock::instance();  // calibrated before the fork
    run_measured({{cpus.first, [&] { encode_both(place.path(), how, *all); }},
                  {cpus.second, [&] { attend_records(place.path(), *all); }}});
    return all->medians();
}

// ---- an observer --------------------------------------------------------------------------------

constexpr std::uint64_t goodbye = ~std::uint64_t{0};
// The first one warms up; then two with somebody lie between three without: a drift evens out.
constexpr std::uint64_t phases = 6;

void send_stream(const std::string& directory, const two_logs& all) {
    const context here{{.directory = directory}};
    publisher<crowd_message> out{here, "bench/stream", {.depth = 4096, .waiting = wait_mode::poll}};
    out.wait_for_subscribers(1);
    while (!all.ended()) {
        for (std::uint64_t i = 0; i < 1024; ++i) out.publish(crowd_message{{i}});
    }
    out.publish(crowd_message{{goodbye}});
}

/// Messages and the time they took, in the phases of each kind.
struct amounts {
    std::array<double, 2> messages{};
    std::array<double, 2> ticks{};
};

void receive_stream(const std::string& directory, two_logs& all) {
    const context here{{.directory = directory}};
    subscriber<crowd_message> in{
        here, "bench/stream", {.policy = delivery::block, .waiting = wait_mode::poll}};
    constexpr std::uint64_t window = 4096;
    amounts found;
    std::uint64_t last = tsc_clock::now();
    for (std::uint64_t count = 1; in.receive()->words[0] != goodbye; ++count) {
        if (count % window != 0) continue;
        const std::uint64_t now = tsc_clock::now();
        const std::uint64_t phase = all.phase.load(std::memory_order_relaxed);  // relaxed: a hint
        if (phase > 1 && !all.ended()) {
            found.messages[phase % 2] += window;
            found.ticks[phase % 2] += static_cast<double>(now - last);
        }
        last = now;
    }
    const double ticks_per_us = static_cast<double>(tsc_clock::instance().ticks(1ms)) / 1000;
    for (const std::size_t i : {0u, 1u}) {
        all.logs[i].add(found.messages[i] / found.ticks[i] * ticks_per_us);
    }
}

/// Looks as `signet top` does, but ten times as often, in every other phase.
void observe_stream(const std::string& directory, const effort& how, two_logs& all) {
    const std::chrono::milliseconds length = how.length * 4;
    const std::chrono::milliseconds between =
        std::min<std::chrono::milliseconds>(100ms, length / 3);
    observe::watch everybody{directory};
    everybody.refresh();
    while (everybody.take().subscriptions.empty()) everybody.refresh();
    for (std::uint64_t phase = 1; phase <= phases; ++phase) {
        all.phase.store(phase, std::memory_order_relaxed);  // relaxed: a hint
        const deadline end = after(length);
        while (clock::now() + between < end) {
            std::this_thread::sleep_for(between);
            if (phase % 2 == 0) continue;
            everybody.refresh_if_due();
            everybody.take();
        }
        std::this_thread::sleep_until(end);
    }
    all.end();
}

crowd_pair observed_round(const effort& how) {
    const private_directory place;
    const limits::shared<two_logs> all;
    const limits::cpu_pair cpus = limits::two_cpus();
    tsc_clock::instance();  // calibrated before the fork
    run_measured({{cpus.first, [&] { send_stream(place.path(), *all); }},
                  {cpus.second, [&] { receive_stream(place.path(), *all); }},
                  {third_cpu(), [&] { observe_stream(place.path(), how, *all); }}});
    return all->medians();
}

}  // namespace

crowd_case idle_case() {
    return {.name = "idle/100", .unit = "ns per publish", .wanted = 1.5, .round = idle_round};
}

crowd_case encode_case() {
    return {.name = "encode/1024", .unit = "ns per encoding", .wanted = 1.3, .round = encode_round};
}

crowd_case observed_case() {
    return {.name = "observed/64",
            .unit = "million/s",
            .wanted = 0.97,
            .more_wins = true,
            .round = observed_round};
}

}  // namespace signet::command
