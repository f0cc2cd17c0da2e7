// SPDX-License-Identifier: Apache-2.0
// `signet bench crowd`: what the others cost.
#include "bench_crowd.hpp"
#include "case_choice.hpp"
#include "interruption.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace signet::command {
namespace {

using nlohmann::ordered_json;

struct crowd_options {
    bool json = false;
    bool quick = false;
    std::vector<std::string> cases;
};

std::vector<crowd_case> crowd_cases() {
    std::vector<crowd_case> all;
    if (!limits::two_cpus().same()) {  // these need two
        all = disturbed_cases();
        all.insert(all.begin(), idle_case());
        all.push_back(observed_case());
    }
    all.push_back(encode_case());
    return all;
}

/// Rounds as all measurements have them: the limit of this one is itself, without the others.
std::optional<measured> measure(const crowd_case& what, const effort& how,
                                const interruption& interrupted) {
    return measure_rounds(
        how, interrupted,
        [&] {
            const crowd_pair found = what.round(how);
            return round_result{found.without, {}, found.with};
        },
        [](const round_result& one) { return one.msgs_per_s / one.limit; });
}

std::string wanted_text(const crowd_case& what) {
    if (what.wanted == 0) return {};
    return fmt::format("  (wanted: {} {})", what.more_wins ? "at least" : "at most", what.wanted);
}

std::string row_of(const crowd_case& what, const measured& found) {
    return fmt::format("{:<18} {:>9.1f} {:<18} {:>9.1f} without {:>7.3f} x{}\n", what.name,
                       found.middle.msgs_per_s, what.unit, found.middle.limit, found.limit_ratio,
                       wanted_text(what));
}

ordered_json to_json(const crowd_case& what, const measured& found) {
    ordered_json object{{"pattern", "topic"},
                        {"carrier", "shm"},
                        {"case", what.name},
                        {"unit", what.unit},
                        {"without", found.middle.limit},
                        {"with", found.middle.msgs_per_s},
                        {"ratio", found.limit_ratio},
                        {"wanted_at_most", nullptr},
                        {"wanted_at_least", nullptr},
                        {"cacheline_rtt_before_ns", found.ping_before_ns},
                        {"cacheline_rtt_after_ns", found.ping_after_ns},
                        {"repeats", found.repeats}};
    if (what.wanted != 0) {
        object[what.more_wins ? "wanted_at_least" : "wanted_at_most"] = what.wanted;
    }
    return object;
}

int run_crowd(const crowd_options& options) {
    const interruption interrupted;
    const effort how = options.quick ? quick_effort() : full_effort();
    auto list = ordered_json::array();
    for (const crowd_case& what : chosen_of(crowd_cases(), options.cases)) {
        if (errors_on_terminal()) fmt::print(stderr, "\r\033[Kmeasuring {} ...\r", what.name);
        const auto found = measure(what, how, interrupted);
        if (!found) return interrupted.exit_status();
        list.push_back(to_json(what, *found));
        if (!options.json) write_output(row_of(what, *found));
        flush_output();
    }
    if (options.json) write_output(list.dump(2) + '\n');
    return 0;
}

constexpr const char* notes =
    R"(Each case is measured without the others and with them in the same round, in
processes pinned to their cpus; the ratio is with by without, the median of the
rounds. Run it on a quiet machine. docs/bench.md tells more.

Example:
  signet bench crowd --case idle --case disturbed/stopped)";

}  // namespace

void add_bench_crowd(CLI::App& bench, action& chosen) {
    auto options = std::make_shared<crowd_options>();
    CLI::App* app = bench.add_subcommand("crowd", "What idle, slow and dead others cost");
    app->add_flag("--json", options->json, "An array with an object for each case");
    app->add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app->add_option("--case", options->cases, "Only this one, such as idle/100, or this kind");
    app->footer(notes);
    app->callback([options, &chosen] { chosen = [options] { return run_crowd(*options); }; });
}

}  // namespace signet::command
