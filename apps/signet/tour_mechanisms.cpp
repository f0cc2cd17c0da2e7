// SPDX-License-Identifier: Apache-2.0
// `signet tour mechanisms`: each mechanism of the kernel, and what Signet makes of them to
// coordinate by, at work between two processes.
#include "case_choice.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "mechanisms/catalogue.hpp"
#include "mechanisms/measurement.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "units.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace signet::command {
namespace {

using namespace std::chrono_literals;

struct mechanisms_options {
    bool json = false;
    bool quick = false;
    std::vector<std::string> cases;
};

double bytes_per_s(const mechanism& what, const exchange_result& found) {
    return found.stream_msgs_per_s * static_cast<double>(what.stream_bytes);
}

std::string largest_text(const mechanism& what) {
    if (!what.message_bytes_max) return "no limit";
    return bytes_text(static_cast<double>(*what.message_bytes_max));
}

std::string figures_of(const mechanism& what, const exchange_result& found) {
    if (!found.ok()) return "FAILED: " + found.trouble;
    const std::chrono::nanoseconds trip{static_cast<std::int64_t>(found.round_trip_p50_ns)};
    return fmt::format("round trip {} of {}, stream {}/s in messages of {}", duration_text(trip),
                       bytes_text(static_cast<double>(what.round_trip_bytes)),
                       bytes_text(bytes_per_s(what, found)),
                       bytes_text(static_cast<double>(what.stream_bytes)));
}

std::string text_of(const mechanism& what, const exchange_result& found) {
    return fmt::format(
        "{}  ({})\n"
        "  {}; {}; largest message {}\n"
        "  {}\n"
        "  lives {}; a killed peer leaves {}\n"
        "  use it when {}\n\n",
        what.name, what.header,
        what.boundaries ? "keeps message boundaries" : "a stream of bytes, without boundaries",
        what.direction, largest_text(what), figures_of(what, found), what.persistence,
        what.left_behind, what.use_when);
}

json_value to_json(const mechanism& what, const exchange_result& found) {
    json_value row{{"mechanism", what.name},       {"ok", found.ok()},
                   {"header", what.header},        {"boundaries", what.boundaries},
                   {"direction", what.direction},  {"persistence", what.persistence},
                   {"message_bytes_max", nullptr}, {"killed_peer_leaves", what.left_behind},
                   {"use_when", what.use_when}};
    if (what.message_bytes_max) row["message_bytes_max"] = *what.message_bytes_max;
    if (!found.ok()) {
        row["error"] = found.trouble;
        return row;
    }
    row["messages"] = found.messages;
    row["round_trip_bytes"] = what.round_trip_bytes;
    row["round_trip_p50_ns"] = found.round_trip_p50_ns;
    row["stream_message_bytes"] = what.stream_bytes;
    row["stream_msgs_per_s"] = found.stream_msgs_per_s;
    row["stream_bytes_per_s"] = bytes_per_s(what, found);
    return row;
}

int run_mechanisms(const mechanisms_options& options) {
    const interruption interrupted;
    const auto length = options.quick ? 10ms : 200ms;
    auto list = json_value::array();
    bool all_work = true;
    for (const mechanism& what : chosen_of(all_mechanisms(), options.cases)) {
        if (interrupted.came()) return interrupted.exit_status();
        if (errors_on_terminal()) fmt::print(stderr, "\r\033[Kexchanging over {} ...\r", what.name);
        const exchange_result found = measure_exchange(what, plan_of(what, length));
        if (interrupted.came()) return interrupted.exit_status();
        all_work = all_work && found.ok();
        list.push_back(to_json(what, found));
        if (!options.json) write_output(text_of(what, found));
        flush_output();
    }
    if (options.json) write_output(list.dump(2) + '\n');
    return all_work ? 0 : 1;
}

constexpr const char* notes =
    R"(Two processes exchange messages over each mechanism that the kernel offers, and over
each of Signet's locks and shared objects, ask and answer and then a stream, and compare
every byte. Times are of this machine, now. Status 0 only where all of them worked.
docs/mechanisms.md and docs/sync.md tell more of each; `signet advise` chooses one.

Example:
  signet tour mechanisms --case "anonymous pipe" --case tcp)";

}  // namespace

void add_tour_mechanisms(command_line tour, action& chosen) {
    auto options = std::make_shared<mechanisms_options>();
    command_line app = tour.add_subcommand("mechanisms", "Each mechanism of the kernel at work");
    app.add_flag("--json", options->json, "An array with an object for each mechanism");
    app.add_flag("--quick", options->quick, "See that they work; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as \"unix stream\"")
        .type_name("NAME");
    app.footer(notes);
    app.callback([options, &chosen] { chosen = [options] { return run_mechanisms(*options); }; });
}

}  // namespace signet::command
