// SPDX-License-Identifier: Apache-2.0
// `signet bench crowd`: what the others cost.
#include "bench_crowd.hpp"
#include "bench_pairs.hpp"
#include "subcommand.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace signet::command {
namespace {

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
round_result round_of(const crowd_case& what, const effort& how) {
    const crowd_pair found = what.round(how);
    return {found.without, {}, found.with};
}

std::string row_of(const crowd_case& what, const measured& found) {
    return fmt::format("{:<18} {:>9.1f} {:<18} {:>9.1f} without {:>7.3f} x{}\n", what.name,
                       found.middle.msgs_per_s, what.unit, found.middle.limit, found.limit_ratio,
                       wanted_text(what));
}

json_value to_json(const crowd_case& what, const measured& found) {
    json_value object{{"pattern", "topic"},
                      {"carrier", "shm"},
                      {"case", what.name},
                      {"unit", what.unit},
                      {"without", found.middle.limit},
                      {"with", found.middle.msgs_per_s}};
    add_ratio(object, what, found);
    return object;
}

int run_crowd(const pair_options& options) {
    return run_pairs(crowd_cases(), options, &round_of, &row_of, &to_json);
}

constexpr const char* notes =
    R"(Each case is measured without the others and with them in the same round, in
processes pinned to their cpus; the ratio is with by without, the median of the
rounds. Run it on a quiet machine. docs/bench.md tells more.

Example:
  signet bench crowd --case idle --case disturbed/stopped)";

}  // namespace

void add_bench_crowd(command_line bench, action& chosen) {
    auto options = std::make_shared<pair_options>();
    command_line app = bench.add_subcommand("crowd", "What idle, slow and dead others cost");
    app.add_flag("--json", options->json, "An array with an object for each case");
    app.add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as idle/100, or this kind");
    app.footer(notes);
    app.callback([options, &chosen] { chosen = [options] { return run_crowd(*options); }; });
}

}  // namespace signet::command
