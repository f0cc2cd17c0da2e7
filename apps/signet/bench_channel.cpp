// SPDX-License-Identifier: Apache-2.0
// `signet bench channel`: what channels cost over each carrier.
#include "bench_channel.hpp"
#include "json_value.hpp"
#include "subcommand.hpp"

#include <fmt/core.h>

#include <memory>
#include <utility>

namespace signet::command {
namespace {

/// Rounds as all measurements have them: the limit of this one is its rival.
round_result round_of(const channel_case& what, const effort& how) {
    const channel_pair found = what.round(how);
    return {found.raw, {}, found.ours};
}

std::string row_of(const channel_case& what, const measured& found) {
    return fmt::format("{:<18} {:>9.0f} {:<14} {:<26} {:>9.0f} {:>7.3f} x{}\n", what.name,
                       found.middle.msgs_per_s, what.unit, what.rival, found.middle.limit,
                       found.limit_ratio, wanted_text(what));
}

json_value to_json(const char* pattern, const channel_case& what, const measured& found) {
    json_value object{
        {"pattern", pattern},          {"carrier", what.carrier},         {"case", what.name},
        {"unit", what.unit},           {"ours", found.middle.msgs_per_s}, {"rival", what.rival},
        {"rivals", found.middle.limit}};
    add_ratio(object, what, found);
    return object;
}

constexpr const char* notes =
    R"(Round trips have 48 bytes, streams 1 KiB a message. Each is measured beside the bare
system calls of what the carrier is built on, turn by turn in the same two processes:
on one cpu, so that both are scheduled alike; shared memory is polled for on two. The
ratio is ours by the rival's, the median of the rounds. Run it on a quiet machine.

Example:
  signet bench channel --case unix --case tcp/stream)";

/// For the program that a measurement over `exec:` starts.
void add_answer(command_line bench, action& chosen) {
    auto part = std::make_shared<std::string>();
    command_line app = bench.add_subcommand("answer", "The other end of a measurement");
    app.hide();
    app.add_option("PART", *part, "trips or stream").required();
    app.callback([part, &chosen] { chosen = [part] { return answer_over_pipe(*part), 0; }; });
}

}  // namespace

int run_beside(std::vector<channel_case> all, const char* pattern, const pair_options& options) {
    const auto json_of = [pattern](const channel_case& what, const measured& found) {
        return to_json(pattern, what, found);
    };
    return run_pairs(std::move(all), options, &round_of, &row_of, json_of);
}

void add_bench_channel(command_line bench, action& chosen) {
    auto options = std::make_shared<pair_options>();
    command_line app = bench.add_subcommand("channel", "Channels beside the bare system calls");
    app.add_flag("--json", options->json, "An array with an object for each case");
    app.add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as unix/stream, or this kind");
    app.footer(notes);
    app.callback([options, &chosen] {
        chosen = [options] { return run_beside(channel_cases(), "channel", *options); };
    });
    add_answer(bench, chosen);
}

}  // namespace signet::command
