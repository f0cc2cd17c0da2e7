// SPDX-License-Identifier: Apache-2.0
#include "checks.hpp"
#include "process_view.hpp"
#include "topic_members.hpp"

#include <signet/base/topic_pattern.hpp>
#include <signet/wire/difference.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace signet::command {
namespace {

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

void look_at_limits(std::vector<finding>& findings, const member& publisher) {
    const observe::publisher_facts& facts = publisher.one->publishing;
    if (facts.subscribers_max != 0 && facts.subscribers >= facts.subscribers_max) {
        findings.push_back(
            {"limits", verdict::problem,
             fmt::format("{} has its {} subscribers", publisher.text(), facts.subscribers_max),
             "raise publisher_options::subscribers_max"});
    }
    if (facts.held_total != 0 && facts.granted >= facts.held_total) {
        findings.push_back(
            {"limits", verdict::problem,
             fmt::format("{} has granted all of its {} holds", publisher.text(), facts.held_total),
             "raise publisher_options::held_total, or lower held_max of its "
             "subscribers"});
    }
}

bool joined_in(const observe::reading& all, const member& publisher, const member& subscriber) {
    return std::any_of(all.subscriptions.begin(), all.subscriptions.end(), [&](const auto& one) {
        return one.of.endpoint == subscriber.one->id && one.publisher == publisher.one->id;
    });
}

void compare(std::vector<finding>& findings, const member& a, const member& b,
             const observe::reading& all) {
    if (!a.publishes() || b.publishes() || !a.one->answered || !b.one->answered) return;
    if (joined_in(all, a, b)) return;
    const std::size_t before = findings.size();
    compare_types(findings, a, b);
    compare_policies(findings, a, b);
    look_at_limits(findings, a);
    if (findings.size() != before) return;
    findings.push_back({"joining", verdict::problem,
                        fmt::format("{} has not joined {}, and nothing seen here speaks against it",
                                    b.text(), a.text()),
                        "ask again; if it stays so, print the events of both (try_event): a "
                        "refusal says why"});
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
    const auto publishers = std::count_if(members.begin(), members.end(),
                                          [](const member& one) { return one.publishes(); });
    const auto all = static_cast<std::ptrdiff_t>(members.size());
    const std::string text =
        fmt::format("{} publishers and {} subscribers at {}", publishers, all - publishers, topic);
    if (publishers != 0 && publishers != all) return {"topic", verdict::good, text, {}};
    const char* missing = members.empty()   ? "start somebody; signet ls lists the topics there are"
                          : publishers == 0 ? "start a publisher, or look below for where it is"
                                            : "start a subscriber, or look below for where it is";
    return {"topic", verdict::problem, text, missing};
}

/// Why a process does not answer, and what helps.
finding explain_silence(const observe::participant_process& process) {
    const std::string who = fmt::format("process {} ({})", process.pid, process.command);
    switch (state_of(process.pid)) {
        case process_state::stopped:
            return {"processes", verdict::problem, who + " does not answer: it is stopped",
                    fmt::format("kill -CONT {} lets it go on", process.pid)};
        case process_state::traced:
            return {"processes", verdict::problem, who + " does not answer: a debugger holds it",
                    "let it go on there"};
        case process_state::runs:
        case process_state::unknown: break;
    }
    return {"processes", verdict::problem, who + ": " + process.problem,
            "is its version another one, or its context driven by hand (poll) and nobody does?"};
}

/// One who has none left cannot take in anybody.
void look_at_descriptors(std::vector<finding>& findings,
                         const observe::participant_process& process) {
    constexpr std::size_t few = 8;  // what one newcomer may take
    const auto use = descriptor_use_of(process.pid);
    if (!use || use->open + few < use->limit) return;
    findings.push_back({"descriptors", verdict::problem,
                        fmt::format("process {} ({}) has {} of {} descriptors open", process.pid,
                                    process.command, use->open, use->limit),
                        "start it with a larger ulimit -n; until then nobody can join it"});
}

}  // namespace

std::vector<finding> check_processes(const observe::snapshot& seen) {
    std::vector<finding> findings;
    for (const auto& process : seen.processes) {
        if (!process.problem.empty()) findings.push_back(explain_silence(process));
        look_at_descriptors(findings, process);
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

std::vector<finding> check_topic(const observe::snapshot& seen, const observe::reading& all,
                                 const std::string& topic) {
    const std::vector<member> members = members_of(seen, topic);
    std::vector<finding> findings{who_is_there(members, topic)};
    for (const member& a : members) {
        for (const member& b : members) compare(findings, a, b, all);
    }
    for (const member& one : members) look_at_losses(findings, one);
    return findings;
}

}  // namespace signet::command
