// SPDX-License-Identifier: Apache-2.0
// `signet doctor`: what could keep messages from arriving, and what to do about it.
#include "checks.hpp"
#include "subcommand.hpp"
#include "survey_json.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>
#include <signet/base/topic_pattern.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <memory>

namespace signet::command {
namespace {

using nlohmann::ordered_json;

struct doctor_options {
    std::string topic;
    bool json = false;
};

const char* verdict_name(verdict judged) {
    switch (judged) {
        case verdict::good: return "ok";
        case verdict::note: return "note";
        case verdict::problem: break;
    }
    return "problem";
}

void append(std::vector<finding>& all, std::vector<finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
}

bool any_problem(const std::vector<finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const finding& one) { return one.judged == verdict::problem; });
}

/// Everybody in the directory; what keeps us from looking is a finding too.
observe::snapshot look_around(const std::string& directory, std::vector<finding>& findings) try {
    return observe::inspect(directory);
} catch (const error& e) {
    findings.push_back({"processes", verdict::problem, e.what(), {}});
    return {};
}

void print_for_people(const std::vector<finding>& findings) {
    for (const finding& one : findings) {
        write_output(
            fmt::format("{:<8} {:<12} {}\n", verdict_name(one.judged), one.check, one.text));
        if (!one.advice.empty()) write_output(fmt::format("{:22}-> {}\n", "", one.advice));
    }
}

ordered_json members_json(const observe::snapshot& seen, const std::string& topic) {
    auto list = ordered_json::array();
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (topic_pattern::matches(one.topic, topic)) list.push_back(to_json(process, one));
        }
    }
    return list;
}

void print_json(const std::vector<finding>& findings, const observe::snapshot& seen,
                const std::string& topic) {
    auto list = ordered_json::array();
    for (const finding& one : findings) {
        list.push_back({{"check", one.check},
                        {"state", verdict_name(one.judged)},
                        {"text", one.text},
                        {"advice", one.advice}});
    }
    ordered_json report{{"ok", !any_problem(findings)}, {"findings", std::move(list)}};
    if (!topic.empty()) report["endpoints"] = members_json(seen, topic);
    write_output(report.dump(2) + '\n');
}

int run(const doctor_options& options) {
    const std::string topic = options.topic.empty() ? "" : parse_address(options.topic).name;
    const std::string directory = link::rendezvous::default_path();
    std::vector<finding> findings = check_system();
    append(findings, check_directory(directory));
    observe::snapshot seen;
    if (!any_problem(findings)) {
        seen = look_around(directory, findings);
        append(findings, check_processes(seen));
    }
    if (!topic.empty()) append(findings, check_topic(seen, topic));
    if (options.json) {
        print_json(findings, seen, topic);
    } else {
        print_for_people(findings);
    }
    return any_problem(findings) ? 1 : 0;
}

constexpr const char* example =
    R"(With TOPIC also: who takes part, whether their types match field by field, who does
not answer, who loses messages. Names of dead processes are removed on the way.
Ends with status 1 where something is wrong.

Example:
  signet doctor robot/pose)";

}  // namespace

void add_doctor(CLI::App& app, action& chosen) {
    auto options = std::make_shared<doctor_options>();
    CLI::App* doctor =
        app.add_subcommand("doctor", "Find out why messages do not arrive, and what to do");
    doctor->add_option("TOPIC", options->topic, "Look at this one too");
    doctor->add_flag("--json", options->json, "One object: ok, findings, endpoints");
    doctor->footer(example);
    doctor->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace signet::command
