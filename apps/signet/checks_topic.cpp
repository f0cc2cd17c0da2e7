// SPDX-License-Identifier: Apache-2.0
#include "checks.hpp"

#include <signet/base/topic_pattern.hpp>
#include <signet/wire/difference.hpp>

#include <fmt/core.h>

namespace signet::command {
namespace {

/// Somebody who takes part in the topic.
struct member {
    const observe::participant_process* process;
    const observe::endpoint* one;

    bool publishes() const { return one->side == link::role::publisher; }
    std::string text() const {
        const std::string pattern = is_wild(one->topic) ? " of '" + one->topic + "'" : "";
        return fmt::format("{} {} ({}){}", publishes() ? "publisher" : "subscriber", process->pid,
                           process->command, pattern);
    }
};

std::vector<member> members_of(const observe::snapshot& seen, const std::string& topic) {
    std::vector<member> members;
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (topic_pattern::matches(one.topic, topic)) members.push_back({&process, &one});
        }
    }
    return members;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
    return text;
}

void compare_types(std::vector<finding>& findings, const member& publisher,
                   const member& subscriber) {
    if (!publisher.one->type || !subscriber.one->type) return;
    const auto differences = wire::layout_differences(*publisher.one->type, *subscriber.one->type);
    if (differences.empty()) return;
    findings.push_back(
        {"types", is_wild(subscriber.one->topic) ? verdict::note : verdict::problem,
         fmt::format("{} and {} have different layouts (ours is the publisher's): {}",
                     publisher.text(), subscriber.text(), joined(differences)),
         "build both with the same definition of the type"});
}

void compare_policies(std::vector<finding>& findings, const member& publisher,
                      const member& subscriber) {
    const bool blocks = subscriber.one->receiving.policy == transport::delivery::block;
    if (!blocks || publisher.one->publishing.allow_block) return;
    findings.push_back(
        {"policies", verdict::problem,
         fmt::format("{} wants to block, {} does not let it", subscriber.text(), publisher.text()),
         "subscribe with delivery::drop_oldest, or publish with allow_block"});
}

void compare(std::vector<finding>& findings, const member& a, const member& b) {
    if (!a.publishes() || b.publishes() || !a.one->answered || !b.one->answered) return;
    compare_types(findings, a, b);
    compare_policies(findings, a, b);
}

void look_at_losses(std::vector<finding>& findings, const member& one) {
    if (one.publishes() || one.one->receiving.lost == 0) return;
    findings.push_back({"losses", verdict::note,
                        fmt::format("{} lost {} messages and received {}", one.text(),
                                    one.one->receiving.lost, one.one->receiving.received),
                        "receive more often, publish with a larger depth, or subscribe with "
                        "delivery::block"});
}

finding who_is_there(const std::vector<member>& members, const std::string& topic) {
    std::size_t publishers = 0;
    for (const member& one : members) publishers += one.publishes() ? 1 : 0;
    const std::string text = fmt::format("{} publishers and {} subscribers at {}", publishers,
                                         members.size() - publishers, topic);
    if (members.empty()) {
        return {"topic", verdict::note, text, "signet ls lists the topics there are"};
    }
    return {"topic", verdict::good, text, {}};
}

}  // namespace

std::vector<finding> check_processes(const observe::snapshot& seen) {
    std::vector<finding> findings;
    for (const auto& process : seen.processes) {
        if (process.problem.empty()) continue;
        findings.push_back(
            {"processes", verdict::problem,
             fmt::format("process {} ({}): {}", process.pid, process.command, process.problem),
             fmt::format("kill -CONT {} lets a stopped one go on", process.pid)});
    }
    if (findings.empty()) {
        findings.push_back({"processes",
                            verdict::good,
                            fmt::format("{} there, and all of them answer", seen.processes.size()),
                            {}});
    }
    if (seen.dead_names != 0) {
        findings.push_back({"names",
                            verdict::note,
                            fmt::format("{} names of dead processes were removed", seen.dead_names),
                            {}});
    }
    return findings;
}

std::vector<finding> check_topic(const observe::snapshot& seen, const std::string& topic) {
    const std::vector<member> members = members_of(seen, topic);
    std::vector<finding> findings{who_is_there(members, topic)};
    for (const member& a : members) {
        for (const member& b : members) compare(findings, a, b);
    }
    for (const member& one : members) look_at_losses(findings, one);
    return findings;
}

}  // namespace signet::command
