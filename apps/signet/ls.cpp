// SPDX-License-Identifier: Apache-2.0
// `signet ls`: who publishes and subscribes to what, now.
#include "subcommand.hpp"
#include "survey_json.hpp"
#include "terminal.hpp"

#include <signet/base/topic_pattern.hpp>
#include <signet/observe/inspect.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

namespace signet::command {
namespace {

struct ls_options {
    std::string topic;
    bool json = false;
};

/// An endpoint, with the process it belongs to.
struct row {
    const observe::participant_process* process;
    const observe::endpoint* one;
};

constexpr std::size_t columns = 8;
using cells = std::array<std::string, columns>;

constexpr const char* headings[columns] = {"TOPIC",    "SIDE", "PID",   "COMMAND",
                                           "MESSAGES", "LOST", "PEERS", "TYPE"};

bool right_aligned(std::size_t column) {
    return column == 2 || (column >= 4 && column <= 6);
}

/// Both may be patterns: a subscriber's of its own, and what was asked for.
bool wanted(const std::string& asked, const std::string& topic) {
    return asked.empty() || topic_pattern::matches(asked, topic) ||
           topic_pattern::matches(topic, asked);
}

std::vector<row> rows_of(const observe::snapshot& seen, const std::string& topic) {
    std::vector<row> rows;
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (wanted(topic, one.topic)) rows.push_back({&process, &one});
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const row& a, const row& b) {
        return std::tie(a.one->topic, a.one->side) < std::tie(b.one->topic, b.one->side);
    });
    return rows;
}

std::string details(const row& r) {
    if (!r.one->answered) return r.process->problem;
    if (r.one->side == link::role::subscriber) {
        return fmt::format("{} ({})", type_text_of(*r.one), policy_name(r.one->receiving.policy));
    }
    const auto& facts = r.one->publishing;
    return fmt::format("{} (depth {}, {} B{})", type_text_of(*r.one), facts.depth,
                       facts.payload_bytes_max, facts.allow_block ? "" : ", no block");
}

cells cells_of(const row& r) {
    const bool publishes = r.one->side == link::role::publisher;
    const auto number = [&](std::uint64_t publisher, std::uint64_t subscriber) {
        return r.one->answered ? std::to_string(publishes ? publisher : subscriber) : "?";
    };
    const auto& pub = r.one->publishing;
    const auto& sub = r.one->receiving;
    return {r.one->topic,
            publishes ? "pub" : "sub",
            r.process->pid == 0 ? "?" : std::to_string(r.process->pid),
            r.process->command,
            number(pub.published, sub.received),
            number(pub.lost, sub.lost),
            number(pub.subscribers, sub.publishers),
            details(r)};
}

void print_table(const std::vector<cells>& lines) {
    std::array<std::size_t, columns> width{};
    for (const cells& line : lines) {
        for (std::size_t i = 0; i < columns; ++i) width[i] = std::max(width[i], line[i].size());
    }
    for (const cells& line : lines) {
        std::string text;
        for (std::size_t i = 0; i + 1 < columns; ++i) {
            text += right_aligned(i) ? fmt::format("{:>{}}  ", line[i], width[i])
                                     : fmt::format("{:<{}}  ", line[i], width[i]);
        }
        write_output(text + line.back() + '\n');
    }
}

void print_for_people(const std::vector<row>& rows) {
    std::vector<cells> lines{cells{}};
    std::copy(std::begin(headings), std::end(headings), lines.front().begin());
    for (const row& r : rows) lines.push_back(cells_of(r));
    print_table(lines);
}

int run(const ls_options& options) {
    const std::string topic = options.topic.empty() ? "" : parse_pattern(options.topic).name;
    const std::string directory = link::rendezvous::default_path();
    const observe::snapshot seen = observe::inspect(directory);
    const std::vector<row> rows = rows_of(seen, topic);
    if (options.json) {
        auto list = nlohmann::ordered_json::array();
        for (const row& r : rows) list.push_back(to_json(*r.process, *r.one));
        write_output(list.dump() + '\n');
        return 0;
    }
    if (rows.empty()) {
        fmt::print(stderr, "signet: nobody{}{} in {}\n", topic.empty() ? "" : " at ", topic,
                   directory);
    } else {
        print_for_people(rows);
    }
    return 0;
}

constexpr const char* example =
    R"(MESSAGES are published or received, PEERS joined now; LOST were overwritten before
a subscriber read them. A process that does not answer within half a second is
listed with the names it put down.

Example:
  signet ls --json | jq '.[] | select(.lost > 0) | {topic, pid}')";

}  // namespace

void add_ls(CLI::App& app, action& chosen) {
    auto options = std::make_shared<ls_options>();
    CLI::App* ls = app.add_subcommand("ls", "List who publishes and subscribes, and how it goes");
    ls->add_option("TOPIC", options->topic,
                   "Only this one, or those a pattern such as 'robot/**' stands for");
    ls->add_flag("--json", options->json, "An array with an object for each");
    ls->footer(example);
    ls->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace signet::command
