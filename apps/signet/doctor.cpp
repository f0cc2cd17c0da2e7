// SPDX-License-Identifier: Apache-2.0
// `signet doctor`: what could keep messages from arriving, and what to do about it.
#include "checks.hpp"
#include "subcommand.hpp"
#include "survey_json.hpp"
#include "terminal.hpp"

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/base/topic_pattern.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/observe/watch.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <memory>

namespace signet::command {
namespace {

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
void look_around(observe::watch& everybody, std::vector<finding>& findings) try {
    everybody.refresh();
} catch (const error& e) {
    findings.push_back({"processes", verdict::problem, e.what(), {}});
}

void print_for_people(const std::vector<finding>& findings) {
    for (const finding& one : findings) {
        write_output(
            fmt::format("{:<8} {:<12} {}\n", verdict_name(one.judged), one.check, one.text));
        if (!one.advice.empty()) write_output(fmt::format("{:22}-> {}\n", "", one.advice));
    }
}

json_value members_json(const observe::watch& everybody, const std::string& topic) {
    const observe::snapshot& seen = everybody.seen();
    const observe::reading all = everybody.take();
    auto list = json_value::array();
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (topic_pattern::matches(one.topic, topic)) {
                list.push_back(to_json(process, one, all));
            }
        }
    }
    return list;
}

void print_json(const std::vector<finding>& findings, const observe::watch& everybody,
                const std::string& topic) {
    auto list = json_value::array();
    for (const finding& one : findings) {
        list.push_back({{"check", one.check},
                        {"state", verdict_name(one.judged)},
                        {"text", one.text},
                        {"advice", one.advice}});
    }
    json_value report{{"ok", !any_problem(findings)}, {"findings", std::move(list)}};
    if (!topic.empty()) report["endpoints"] = members_json(everybody, topic);
    write_output(report.dump(2) + '\n');
}

int run(const doctor_options& options) {
    const std::string topic = options.topic.empty() ? "" : parse_address(options.topic).name;
    const std::string directory = life::default_rendezvous_path();
    std::vector<finding> findings = check_system();
    append(findings, check_directory(directory));
    observe::watch everybody{directory};
    if (!any_problem(findings)) {
        look_around(everybody, findings);
        append(findings, check_processes(everybody.seen()));
    }
    if (!topic.empty()) {
        append(findings, check_topic(everybody.seen(), everybody.take(), topic));
        append(findings, check_elsewhere(everybody.seen(), directory, topic));
    }
    if (options.json) {
        print_json(findings, everybody, topic);
    } else {
        print_for_people(findings);
    }
    return any_problem(findings) ? 1 : 0;
}

constexpr const char* example =
    R"(With TOPIC also why its two ends do not meet: nobody there, a name that is nearly the
same, another SIGNET_DIR, mount or user, types that differ (field by field), delivery
that is not allowed, limits that are reached, a process that is stopped or out of
descriptors. Names of dead processes are removed on the way. Ends with status 1 where
something is wrong, and 0 where all is well.

Example:
  signet doctor robot/pose)";

}  // namespace

void add_doctor(command_line app, action& chosen) {
    auto options = std::make_shared<doctor_options>();
    command_line doctor =
        app.add_subcommand("doctor", "Find out why messages do not arrive, and what to do");
    doctor.add_option("TOPIC", options->topic, "Look at this one too");
    doctor.add_flag("--json", options->json, "One object: ok, findings, endpoints");
    doctor.footer(example);
    doctor.callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace signet::command
