// SPDX-License-Identifier: Apache-2.0
// Cases that are measured beside something else in the same round, and told as a ratio: what the
// benches of crowds and of locks have in common. A case has `name`, `unit`, `wanted` (0: nothing is
// said) and `more_wins`. One thread.
#pragma once

#include "bench_round.hpp"
#include "case_choice.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "terminal.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::command {

struct pair_options {
    bool json = false;
    bool quick = false;
    std::vector<std::string> cases;
};

template <class Case>
std::string wanted_text(const Case& what) {
    if (what.wanted == 0) return {};
    return fmt::format("  (wanted: {} {})", what.more_wins ? "at least" : "at most", what.wanted);
}

/// Adds the ratio, what is wanted of it, and how quiet the machine was.
template <class Case>
void add_ratio(json_value& object, const Case& what, const measured& found) {
    object["ratio"] = found.limit_ratio;
    object["wanted_at_most"] = nullptr;
    object["wanted_at_least"] = nullptr;
    object["cacheline_rtt_before_ns"] = found.ping_before_ns;
    object["cacheline_rtt_after_ns"] = found.ping_after_ns;
    object["repeats"] = found.repeats;
    if (what.wanted != 0) {
        object[what.more_wins ? "wanted_at_least" : "wanted_at_most"] = what.wanted;
    }
}

/// Measures the chosen ones of `all` by `round_of(case, effort)`, and prints each by `row_of` or
/// all by `to_json`. The status to exit with.
template <class Case, class Round, class Row, class Json>
int run_pairs(std::vector<Case> all, const pair_options& options, Round&& round_of, Row&& row_of,
              Json&& to_json) {
    const interruption interrupted;
    const effort how = options.quick ? quick_effort() : full_effort();
    auto list = json_value::array();
    for (const Case& what : chosen_of(std::move(all), options.cases)) {
        if (errors_on_terminal()) fmt::print(stderr, "\r\033[Kmeasuring {} ...\r", what.name);
        const auto found = measure_rounds(
            how, interrupted, [&] { return round_of(what, how); },
            [](const round_result& one) { return one.msgs_per_s / one.limit; });
        if (!found) return interrupted.exit_status();
        list.push_back(to_json(what, *found));
        if (!options.json) write_output(row_of(what, *found));
        flush_output();
    }
    if (options.json) write_output(list.dump(2) + '\n');
    return 0;
}

}  // namespace signet::command
