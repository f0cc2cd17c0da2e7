// SPDX-License-Identifier: Apache-2.0
// `signet advise`: which mechanism serves a need, with its figures on this machine and the code to
// begin with.
#include "example_code.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "mechanisms/catalogue.hpp"
#include "mechanisms/counsel.hpp"
#include "mechanisms/measurement.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "units.hpp"

#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace signet::command {
namespace {

using namespace std::chrono_literals;

struct advise_options {
    needs need;
    bool json = false;
    bool quick = false;
    bool asked_for = false;  ///< by flags; else the person is asked
};

/// What one of them does on this machine with messages of the wanted size, or as large as it takes.
struct figures {
    std::size_t bytes = 0;
    exchange_result found;
};

mechanism row_of(const std::string& name) {
    if (const mechanism topic = topic_row(); topic.name == name) return topic;
    std::vector<mechanism> all = all_mechanisms();
    const auto known = std::find_if(all.begin(), all.end(),
                                    [&](const mechanism& one) { return one.name == name; });
    if (known == all.end()) throw std::logic_error{"no row is called " + name};
    return *known;
}

figures measure(const candidate& one, const advise_options& options) {
    constexpr std::uint64_t smallest = 8;  // a message of ours says its number
    const mechanism row = row_of(one.name);
    const std::uint64_t most =
        std::min(row.message_bytes_max.value_or(~0ull), one.message_bytes_max.value_or(~0ull));
    const std::uint64_t wanted = std::clamp(options.need.message_bytes, smallest, most) & ~7ull;
    const auto bytes = static_cast<std::size_t>(std::max(wanted, smallest));
    return {bytes, measure_exchange(row, {bytes, bytes, options.quick ? 10ms : 200ms})};
}

bool fast_enough(const figures& measured, const needs& need) {
    return measured.found.ok() && measured.found.stream_msgs_per_s >= need.messages_per_s;
}

// ---- text
// -----------------------------------------------------------------------------------------

std::string figures_text(const figures& measured, const needs& need) {
    if (!measured.found.ok()) return "it does not work here: " + measured.found.trouble;
    const auto& found = measured.found;
    const std::chrono::nanoseconds trip{static_cast<std::int64_t>(found.round_trip_p50_ns)};
    return fmt::format(
        "{} messages of {} a second to one reader, {} there and back: {:.3g} times what "
        "you need",
        count_text(found.stream_msgs_per_s), bytes_text(static_cast<double>(measured.bytes)),
        duration_text(trip), found.stream_msgs_per_s / need.messages_per_s);
}

std::string text_of(const counsel& given, const figures& measured, const needs& need) {
    std::string text = fmt::format("Take: {}\n\n  {}.\n  Here: {}.\n", given.best.name,
                                   given.best.because, figures_text(measured, need));
    for (const std::string& one : given.missing) text += fmt::format("  But: {}.\n", one);
    for (const candidate& one : given.beside) {
        text += fmt::format("  For that, add: {}: {}.\n", one.name, one.because);
    }
    return text;
}

std::string other_text(const candidate& one, const figures& measured, const needs& need) {
    return fmt::format("  {:<15} {}\n", one.name, figures_text(measured, need));
}

std::string code_text(const candidate& best) {
    return fmt::format("\nTo begin with (examples/{}.cpp):\n\n{}", example_path(best.code),
                       example_code(best.code));
}

// ---- JSON
// -----------------------------------------------------------------------------------------

json_value to_json(const candidate& one, const figures& measured, const needs& need) {
    const exchange_result& found = measured.found;
    json_value object{{"mechanism", one.name},
                      {"because", one.because},
                      {"ok", found.ok()},
                      {"message_bytes", measured.bytes},
                      {"round_trip_p50_ns", found.round_trip_p50_ns},
                      {"msgs_per_s", found.stream_msgs_per_s},
                      {"fast_enough", fast_enough(measured, need)}};
    if (!found.ok()) object["error"] = found.trouble;
    return object;
}

json_value to_json(const needs& need) {
    return {{"message_bytes", need.message_bytes},
            {"messages_per_s", need.messages_per_s},
            {"readers", need.readers},
            {"survives_crash", need.survives_crash},
            {"survives_reboot", need.survives_reboot},
            {"other_machine", need.other_machine},
            {"other_language", need.other_language},
            {"untrusted", need.untrusted},
            {"shell", need.shell}};
}

// ---- asking
// ---------------------------------------------------------------------------------------

std::string answer_to(const std::string& question) {
    fmt::print(stderr, "{} ", question);
    std::string line;
    if (!std::getline(std::cin, line))
        throw std::runtime_error{"no answer; see signet advise --help"};
    return line;
}

bool yes_to(const std::string& question) {
    const std::string answer = answer_to(question + " [y/N]");
    return !answer.empty() && (answer.front() == 'y' || answer.front() == 'Y');
}

double number_for(const std::string& question, double usual) {
    const std::string answer = answer_to(fmt::format("{} [{:.0f}]", question, usual));
    if (answer.empty()) return usual;
    std::size_t used = 0;
    double number = 0;
    try {
        number = std::stod(answer, &used);
    } catch (const std::logic_error&) {
    }
    if (used != answer.size() || !(number >= 1) || number > 4e9) {
        throw std::runtime_error{"'" + answer + "' is no number from 1 to 4000000000"};
    }
    return number;
}

needs asked_needs() {
    needs need;
    need.message_bytes =
        static_cast<std::uint64_t>(number_for("How many bytes has a message?", 48));
    need.messages_per_s = number_for("How many messages a second?", 1000);
    need.readers = static_cast<unsigned>(number_for("How many read each of them?", 1));
    need.other_machine = yes_to("Is the peer on another machine?");
    need.survives_reboot = yes_to("Must what was sent survive a reboot?");
    need.survives_crash =
        need.survives_reboot || yes_to("Must it survive the crash of both processes?");
    need.untrusted = yes_to("Is the peer untrusted, such as a plug-in?");
    need.shell = yes_to("Is the peer a shell script?");
    need.other_language = need.shell || yes_to("Is it written in another language?");
    return need;
}

// ---- the command
// ----------------------------------------------------------------------------------

void show(const counsel& given, const advise_options& options, const interruption& interrupted) {
    const figures best = measure(given.best, options);
    if (!options.json) write_output(text_of(given, best, options.need));
    auto others = json_value::array();
    if (!options.json && !given.others.empty()) write_output("\nThese serve as well:\n");
    for (const candidate& one : given.others) {
        if (interrupted.came()) return;
        const figures measured = measure(one, options);
        others.push_back(to_json(one, measured, options.need));
        if (!options.json) write_output(other_text(one, measured, options.need));
    }
    if (!options.json) return write_output(code_text(given.best));
    json_value whole{{"needs", to_json(options.need)},
                     {"advice", to_json(given.best, best, options.need)},
                     {"missing", given.missing},
                     {"others", others},
                     {"code", example_code(given.best.code)}};
    write_output(whole.dump(2) + '\n');
}

int run_advise(advise_options options) {
    if (!options.asked_for && isatty(STDIN_FILENO) == 1) options.need = asked_needs();
    const interruption interrupted;
    show(advise_for(options.need), options, interrupted);
    return interrupted.exit_status();
}

constexpr const char* notes =
    R"(Without any of these options it asks, where a person is at the terminal. What it advises is
measured here and now, with messages of your size between two processes. The code is one of the
examples, complete.

Example:
  signet advise --bytes 48 --rate 100000
  signet advise --bytes 4194304 --rate 30 --readers 3
  signet advise --survives reboot)";

/// Adds the options that say what is needed, and returns them.
std::vector<option> add_needs(command_line app, advise_options& options) {
    needs& need = options.need;
    const auto survives = [&need](const std::string& what) {
        need.survives_reboot = what == "reboot";
        need.survives_crash = true;
    };
    return {
        app.add_option("--bytes", need.message_bytes, "Of a message (default 48)")
            .between(1.0, 4e9),
        app.add_option("--rate", need.messages_per_s, "Messages a second (default 1000)")
            .positive(),
        app.add_option("--readers", need.readers, "How many read each message (default 1)")
            .between(1, 1000000),
        app.add_option_function("--survives", survives,
                                "What was sent is kept through a crash of both processes, or a "
                                "reboot")
            .one_of({"crash", "reboot"}),
        app.add_flag("--other-machine", need.other_machine, "The peer is on another machine"),
        app.add_flag("--other-language", need.other_language, "The peer does not link with Signet"),
        app.add_flag("--untrusted", need.untrusted, "The peer may be hostile, such as a plug-in"),
        app.add_flag("--shell", need.shell, "The peer is a shell script"),
    };
}

}  // namespace

void add_advise(command_line app, action& chosen) {
    auto options = std::make_shared<advise_options>();
    command_line sub = app.add_subcommand("advise", "Which mechanism to take, and the code");
    const std::vector<option> all_needs = add_needs(sub, *options);
    sub.add_flag("--json", options->json, "One object");
    sub.add_flag("--quick", options->quick, "Measure briefly; the numbers mean little");
    sub.footer(notes);
    sub.callback([all_needs, options, &chosen] {
        options->asked_for = options->json || std::any_of(all_needs.begin(), all_needs.end(),
                                                          [](option one) { return one.given(); });
        chosen = [options] { return run_advise(*options); };
    });
}

}  // namespace signet::command
