// SPDX-License-Identifier: Apache-2.0
// `signet carriers`: what each carrier of channels can do, as text, as JSON, or as the table of the
// README.
#include "json_value.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "units.hpp"

#include <signet/face/carriers.hpp>

#include <fmt/core.h>

#include <memory>

namespace signet::command {
namespace {

using transport::carrier_facts;
using transport::identification;
using transport::support;

const char* text_of(identification who) {
    switch (who) {
        case identification::user: return "user";
        case identification::address: return "address";
        case identification::certificate: return "certificate";
        case identification::none: break;
    }
    return "none";
}

const char* text_of(support how) {
    switch (how) {
        case support::native: return "native";
        case support::over_channels: return "over channels";
        case support::no: break;
    }
    return "no";
}

const char* yes(bool what) {
    return what ? "yes" : "no";
}

/// The columns, in both tables; what is asked of a carrier most stands first.
struct column {
    const char* heading;
    std::string (*cell)(const carrier_facts&);
};

constexpr column columns[] = {
    {"address", [](const carrier_facts& f) { return std::string{f.addresses}; }},
    {"largest message",
     [](const carrier_facts& f) { return bytes_text(static_cast<double>(f.message_bytes_max)); }},
    {"nothing lost", [](const carrier_facts& f) -> std::string { return yes(f.reliable); }},
    {"in order", [](const carrier_facts& f) -> std::string { return yes(f.ordered); }},
    {"both ways", [](const carrier_facts& f) -> std::string { return yes(f.both_ways); }},
    {"ends one way", [](const carrier_facts& f) -> std::string { return yes(f.ends_one_way); }},
    {"tells a death", [](const carrier_facts& f) -> std::string { return yes(f.tells_death); }},
    {"knows the peer", [](const carrier_facts& f) -> std::string { return text_of(f.peers); }},
    {"passes open files",
     [](const carrier_facts& f) -> std::string { return yes(f.passes_descriptors); }},
    {"other machines",
     [](const carrier_facts& f) -> std::string { return yes(f.crosses_machines); }},
    {"plain peers", [](const carrier_facts& f) -> std::string { return yes(f.speaks_plain); }},
    {"outlives both", [](const carrier_facts& f) -> std::string { return yes(f.survives_both); }},
    {"several listen", [](const carrier_facts& f) -> std::string { return yes(f.shares_names); }},
    {"topics", [](const carrier_facts& f) -> std::string { return text_of(f.topics); }},
    {"use it when", [](const carrier_facts& f) { return std::string{f.use_when}; }},
};

std::vector<std::string> row_of(const carrier_facts& facts) {
    std::vector<std::string> cells;
    for (const column& one : columns) cells.push_back(one.cell(facts));
    return cells;
}

void print_text() {
    for (const transport::carrier* one : face::carriers()) {
        write_output(fmt::format("{}\n", one->facts().scheme));
        const auto cells = row_of(one->facts());
        for (std::size_t i = 0; i < cells.size(); ++i) {
            write_output(fmt::format("  {:<18} {}\n", columns[i].heading, cells[i]));
        }
    }
}

std::string markdown_row(const std::vector<std::string>& cells) {
    std::string line = "|";
    for (const std::string& cell : cells) line += ' ' + cell + " |";
    return line + '\n';
}

void print_markdown() {
    std::vector<std::string> headings;
    for (const column& one : columns) headings.emplace_back(one.heading);
    write_output(markdown_row(headings));
    write_output(markdown_row(std::vector<std::string>(headings.size(), "---")));
    for (const transport::carrier* one : face::carriers()) {
        auto cells = row_of(one->facts());
        cells.front() = '`' + cells.front() + '`';
        write_output(markdown_row(cells));
    }
}

json_value to_json(const carrier_facts& facts) {
    return {{"scheme", facts.scheme},
            {"addresses", facts.addresses},
            {"use_when", facts.use_when},
            {"message_bytes_max", facts.message_bytes_max},
            {"peers", text_of(facts.peers)},
            {"both_ways", facts.both_ways},
            {"ordered", facts.ordered},
            {"reliable", facts.reliable},
            {"tells_death", facts.tells_death},
            {"ends_one_way", facts.ends_one_way},
            {"passes_descriptors", facts.passes_descriptors},
            {"crosses_machines", facts.crosses_machines},
            {"speaks_plain", facts.speaks_plain},
            {"survives_both", facts.survives_both},
            {"shares_names", facts.shares_names},
            {"topics", text_of(facts.topics)}};
}

void print_json() {
    json_value all = json_value::array();
    for (const transport::carrier* one : face::carriers()) all.push_back(to_json(one->facts()));
    write_output(all.dump(2) + '\n');
}

constexpr const char* example =
    R"X(A carrier is chosen by the scheme of an address. "Plain peers" may know nothing of
Signet: they read and write lines or bytes. What a carrier cannot do is an error.
Topics are "native" where the carrier was made for them, else built on its channels.

Examples:
  signet carriers
  signet carriers --json | jq -r '.[] | select(.crosses_machines) | .scheme')X";

}  // namespace

void add_carriers(command_line app, action& chosen) {
    struct carriers_options {
        bool json = false;
        bool markdown = false;
    };
    auto options = std::make_shared<carriers_options>();
    command_line carriers = app.add_subcommand(
        "carriers", "List the carriers of channels and topics, and what each can do");
    const option json = carriers.add_flag("--json", options->json, "As JSON");
    carriers.add_flag("--markdown", options->markdown, "As the table of the README").excludes(json);
    carriers.footer(example);
    carriers.callback([options, &chosen] {
        chosen = [options] {
            if (options->json) {
                print_json();
            } else {
                options->markdown ? print_markdown() : print_text();
            }
            return 0;
        };
    });
}

}  // namespace signet::command
