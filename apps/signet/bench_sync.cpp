// SPDX-License-Identifier: Apache-2.0
// `signet bench sync`: what locks and shared objects cost.
#include "bench_sync.hpp"
#include "case_choice.hpp"
#include "interruption.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <bench/limits/tsc_clock.hpp>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace signet::command {
namespace {

using nlohmann::ordered_json;

struct sync_options {
    bool json = false;
    bool quick = false;
    std::vector<std::string> cases;
};

std::vector<sync_case> sync_cases() {
    std::vector<sync_case> all = alone_cases();
    if (limits::two_cpus().same()) return all;
    for (sync_case& one : pair_cases()) all.push_back(std::move(one));
    return all;
}

/// Rounds as all measurements have them: the limit of this one is its rival.
std::optional<measured> measure(const sync_case& what, const effort& how,
                                const interruption& interrupted) {
    return measure_rounds(
        how, interrupted,
        [&] {
            const sync_pair found = what.round(how);
            return round_result{found.rival, {}, found.ours};
        },
        [](const round_result& one) { return one.msgs_per_s / one.limit; });
}

std::string wanted_text(const sync_case& what) {
    if (what.wanted == 0) return {};
    return fmt::format("  (wanted: {} {})", what.more_wins ? "at least" : "at most", what.wanted);
}

std::string row_of(const sync_case& what, const measured& found) {
    return fmt::format("{:<22} {:>9.1f} {:<10} {:<22} {:>9.1f} {:>7.3f} x{}\n", what.name,
                       found.middle.msgs_per_s, what.unit, what.rival, found.middle.limit,
                       found.limit_ratio, wanted_text(what));
}

ordered_json to_json(const sync_case& what, const measured& found) {
    ordered_json object{{"pattern", "sync"},
                        {"case", what.name},
                        {"unit", what.unit},
                        {"ours", found.middle.msgs_per_s},
                        {"rival", what.rival},
                        {"rivals", found.middle.limit},
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

int run_sync(const sync_options& options) {
    const interruption interrupted;
    const effort how = options.quick ? quick_effort() : full_effort();
    auto list = ordered_json::array();
    for (const sync_case& what : chosen_of(sync_cases(), options.cases)) {
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
    R"(Each case is measured beside its rival in the same round, in processes pinned to
their cpus; the ratio is ours by the rival's, the median of the rounds. Run it on a
quiet machine. docs/bench.md tells more.

Example:
  signet bench sync --case mutex --case barrier/two)";

}  // namespace

void add_bench_sync(CLI::App& bench, action& chosen) {
    auto options = std::make_shared<sync_options>();
    CLI::App* app = bench.add_subcommand("sync", "Locks and shared objects beside their rivals");
    app->add_flag("--json", options->json, "An array with an object for each case");
    app->add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app->add_option("--case", options->cases, "Only this one, such as mutex/alone, or this kind");
    app->footer(notes);
    app->callback([options, &chosen] { chosen = [options] { return run_sync(*options); }; });
}

}  // namespace signet::command
