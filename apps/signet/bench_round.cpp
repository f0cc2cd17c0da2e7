// SPDX-License-Identifier: Apache-2.0
#include "bench_round.hpp"

#include <bench/limits/mood.hpp>
#include <bench/limits/ping.hpp>

#include <signet/os/directory.hpp>
#include <signet/os/random.hpp>

#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <filesystem>
#include <stdexcept>

namespace signet::command {
namespace {

using namespace std::chrono_literals;

constexpr int discarded_max = 15;

/// What went wrong in a forked process, for the one that waits for it.
struct complaint {
    std::atomic<bool> made{false};
    std::array<char, 1024> text{};

    void make(const char* what) noexcept {
        // relaxed: read after the process has ended
        if (made.exchange(true, std::memory_order_relaxed)) return;
        std::strncpy(text.data(), what, text.size() - 1);
    }
};

limits::role guarded(const limits::role& part, complaint& trouble) {
    return {part.cpu, [body = part.body, &trouble] {
                try {
                    body();
                } catch (const std::exception& e) {
                    trouble.make(e.what());
                    _exit(1);
                }
            }};
}

void run_all(const std::vector<limits::role>& roles) {
    switch (roles.size()) {
        case 1: return limits::run_together({roles[0]});
        case 2: return limits::run_together({roles[0], roles[1]});
        case 3: return limits::run_together({roles[0], roles[1], roles[2]});
        case 4: return limits::run_together({roles[0], roles[1], roles[2], roles[3]});
        default: throw std::logic_error{"a measurement has one to four processes"};
    }
}

double middle_of(const std::vector<round_result>& rounds,
                 const std::function<double(const round_result&)>& value) {
    std::vector<double> values;
    for (const round_result& one : rounds) values.push_back(value(one));
    return limits::median(std::move(values));
}

round_result middle_of(const std::vector<round_result>& rounds) {
    return {middle_of(rounds, [](const auto& r) { return r.limit; }),
            {middle_of(rounds, [](const auto& r) { return r.rtt_ns.p50; }),
             middle_of(rounds, [](const auto& r) { return r.rtt_ns.p99; }),
             middle_of(rounds, [](const auto& r) { return r.rtt_ns.p999; })},
            middle_of(rounds, [](const auto& r) { return r.msgs_per_s; })};
}

}  // namespace

private_directory::private_directory(const std::string& parent)
    : path_{fmt::format("{}/signet-bench-{:016x}", parent, os::random_u64())} {
    os::directory::open_or_create(path_);
}

private_directory::~private_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void run_measured(std::vector<limits::role> roles) {
    const limits::shared<complaint> trouble;
    for (limits::role& each : roles) each = guarded(each, *trouble);
    try {
        run_all(roles);
    } catch (const std::runtime_error&) {
        if (trouble->text[0] == '\0') throw;
        throw std::runtime_error{trouble->text.data()};
    }
}

effort full_effort() {
    return {7, 60ms, 20ms, 5ms, 1000, 3};
}

effort quick_effort() {
    return {1, 5ms, 2ms, 2ms, 50, 1};
}

std::optional<measured> measure_rounds(const effort& how, const interruption& interrupted,
                                       const std::function<round_result()>& round,
                                       const std::function<double(const round_result&)>& ratio_of) {
    measured result;
    std::vector<round_result> kept;
    std::vector<double> ratios;
    double before = limits::ping(how.ping_length);
    result.ping_before_ns = before;
    while (static_cast<int>(kept.size()) < how.rounds) {
        if (interrupted.came()) return std::nullopt;
        const round_result one = round();
        const double after = limits::ping(how.ping_length);
        const bool steady = limits::same_mood(before, after);
        before = result.ping_after_ns = after;
        if (!steady && ++result.repeats <= discarded_max) continue;
        kept.push_back(one);
        ratios.push_back(ratio_of(one));
    }
    result.middle = middle_of(kept);
    result.limit_ratio = limits::median(ratios);
    return result;
}

}  // namespace signet::command
