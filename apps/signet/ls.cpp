// SPDX-License-Identifier: Apache-2.0
// `signet ls`: who publishes and subscribes to what, and what is in which region, now.
#include "ls_regions.hpp"
#include "subcommand.hpp"
#include "survey_json.hpp"
#include "terminal.hpp"
#include "text_table.hpp"
#include "topic_filter.hpp"
#include "units.hpp"

#include <signet/base/name.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/observe/watch.hpp>

#include <fmt/core.h>

#include <algorithm>
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

std::vector<row> rows_of(const observe::snapshot& seen, const topic_filter& which) {
    std::vector<row> rows;
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (which.takes(one.topic)) rows.push_back({&process, &one});
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

std::vector<std::string> cells_of(const row& r, const observe::reading& all) {
    const bool publishes = r.one->side == link::role::publisher;
    const auto number = [&](std::uint64_t publisher, std::uint64_t subscriber) {
        return r.one->answered ? std::to_string(publishes ? publisher : subscriber) : "?";
    };
    const auto only = [&](bool theirs, const std::string& text) {
        return theirs && r.one->answered ? text : "";
    };
    const auto& pub = r.one->publishing;
    const auto& sub = r.one->receiving;
    const page_counts counted = counts_of(*r.one, all);
    return {name_for_people(r.one->topic),
            publishes ? "pub" : "sub",
            r.process->pid == 0 ? "?" : std::to_string(r.process->pid),
            r.process->command,
            number(pub.published, sub.received),
            only(!publishes, std::to_string(counted.lag)),
            number(pub.lost, sub.lost),
            only(!publishes, std::to_string(sub.skipped)),
            only(!publishes, std::to_string(counted.held)),
            only(publishes, std::to_string(counted.evicted)),
            only(publishes, bytes_text(static_cast<double>(counted.memory_bytes))),
            number(pub.subscribers, sub.publishers),
            details(r)};
}

void print_for_people(const std::vector<row>& rows, const observe::reading& all) {
    using enum table_column::alignment;
    text_table table{{{"TOPIC"},
                      {"SIDE"},
                      {"PID", right},
                      {"COMMAND"},
                      {"MESSAGES", right},
                      {"LAG", right},
                      {"LOST", right},
                      {"SKIPPED", right},
                      {"HELD", right},
                      {"EVICTED", right},
                      {"MEMORY", right},
                      {"PEERS", right},
                      {"TYPE"}}};
    for (const row& r : rows) table.add(cells_of(r, all));
    for (const std::string& line : table.lines()) write_output(line + '\n');
}

std::vector<observe::region_view> regions_of(const std::string& directory,
                                             const topic_filter& which) {
    std::vector<observe::region_view> all = observe::regions_in(directory);
    std::erase_if(all, [&](const observe::region_view& one) { return !which.takes(one.name); });
    return all;
}

void print_json(const std::vector<row>& rows, const observe::reading& all,
                const std::vector<observe::region_view>& regions) {
    auto list = json_value::array();
    for (const row& r : rows) list.push_back(to_json(*r.process, *r.one, all));
    for (const observe::region_view& one : regions) list.push_back(to_json(one));
    // Names are bytes that others chose: they need not be UTF-8.
    write_output(list.dump() + '\n');
}

int run(const ls_options& options) {
    const topic_filter which{options.topic};
    const std::string directory = life::default_rendezvous_path();
    observe::watch everybody{directory};
    everybody.refresh();
    const observe::reading all = everybody.take();
    const std::vector<row> rows = rows_of(everybody.seen(), which);
    const std::vector<observe::region_view> regions = regions_of(directory, which);
    if (options.json) {
        print_json(rows, all, regions);
    } else if (rows.empty() && regions.empty()) {
        fmt::print(stderr, "signet: nobody{}{} in {}\n", options.topic.empty() ? "" : " at ",
                   which.text(), directory);
    } else {
        if (!rows.empty()) print_for_people(rows, all);
        if (!rows.empty() && !regions.empty()) write_output("\n");
        if (!regions.empty()) write_output(text_of(regions));
    }
    return 0;
}

constexpr const char* example =
    R"(MESSAGES are published or received, PEERS joined now. LAG is published and not yet
read, LOST was overwritten before a subscriber read it, SKIPPED was passed over by
one that wants the latest only, HELD is read in place now. EVICTED subscribers held
their publisher up; MEMORY is what its messages take. A process that does not answer
within half a second is listed with the names it put down.

Regions are listed with who has them open, and what is in them: whose a lock is now,
whether somebody waits for it, and for how long its owner has had the region open.
Nobody notices, and nothing is changed. In --json they follow the endpoints.

Example:
  signet ls --json | jq '.[] | select(.lost > 0) | {topic, pid}')";

}  // namespace

void add_ls(command_line app, action& chosen) {
    auto options = std::make_shared<ls_options>();
    command_line ls =
        app.add_subcommand("ls", "List who publishes and subscribes, regions, and locks");
    ls.add_option("TOPIC", options->topic,
                  "Only this topic or region, or those a pattern such as 'robot/**' is for");
    ls.add_flag("--json", options->json, "An array with an object for each");
    ls.footer(example);
    ls.callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace signet::command
