// SPDX-License-Identifier: Apache-2.0
// `signet bench sync`: what locks and shared objects cost.
#include "bench_sync.hpp"
#include "bench_pairs.hpp"
#include "subcommand.hpp"

#include <bench/limits/tsc_clock.hpp>

#include <fmt/core.h>

#include <memory>

namespace signet::command {
namespace {

std::vector<sync_case> sync_cases() {
    std::vector<sync_case> all = alone_cases();
    if (limits::two_cpus().same()) return all;
    for (sync_case& one : pair_cases()) all.push_back(std::move(one));
    return all;
}

/// Rounds as all measurements have them: the limit of this one is its rival.
round_result round_of(const sync_case& what, const effort& how) {
    const sync_pair found = what.round(how);
    return {found.rival, {}, found.ours};
}

std::string row_of(const sync_case& what, const measured& found) {
    return fmt::format("{:<22} {:>9.1f} {:<10} {:<22} {:>9.1f} {:>7.3f} x{}\n", what.name,
                       found.middle.msgs_per_s, what.unit, what.rival, found.middle.limit,
                       found.limit_ratio, wanted_text(what));
}

json_value to_json(const sync_case& what, const measured& found) {
    json_value object{{"pattern", "sync"},   {"case", what.name},
                      {"unit", what.unit},   {"ours", found.middle.msgs_per_s},
                      {"rival", what.rival}, {"rivals", found.middle.limit}};
    add_ratio(object, what, found);
    return object;
}

int run_sync(const pair_options& options) {
    return run_pairs(sync_cases(), options, &round_of, &row_of, &to_json);
}

constexpr const char* notes =
    R"(Each case is measured beside its rival in the same round, in processes pinned to
their cpus; the ratio is ours by the rival's, the median of the rounds. Run it on a
quiet machine. docs/bench.md tells more.

Example:
  signet bench sync --case mutex --case barrier/two)";

}  // namespace

void add_bench_sync(command_line bench, action& chosen) {
    auto options = std::make_shared<pair_options>();
    command_line app = bench.add_subcommand("sync", "Locks and shared objects beside their rivals");
    app.add_flag("--json", options->json, "An array with an object for each case");
    app.add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as mutex/alone, or this kind");
    app.footer(notes);
    app.callback([options, &chosen] { chosen = [options] { return run_sync(*options); }; });
}

}  // namespace signet::command
