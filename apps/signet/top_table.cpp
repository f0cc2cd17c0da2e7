// SPDX-License-Identifier: Apache-2.0
#include "top_table.hpp"

#include "survey_json.hpp"
#include "text_table.hpp"
#include "units.hpp"

#include <signet/base/name.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace signet::command {
namespace {

using observe::bystander;
using observe::publication;
using observe::reading;
using observe::subscription;
using tour::emphasis;

constexpr double share_worth_telling = 0.005;

text_table empty_table() {
    using enum table_column::alignment;
    return text_table{{{"TOPIC"},
                       {"SIDE"},
                       {"PID", right},
                       {"COMMAND", left, 4},
                       {"MSG/S", right},
                       {"BYTES/S", right, 3},
                       {"TOTAL", right, 7},
                       {"LAG", right, 1},
                       {"LOST/S", right, 1},
                       {"LOST", right, 2},
                       {"SKIPPED", right, 8},
                       {"HELD", right, 5},
                       {"P50", right, 6},
                       {"P99", right, 5},
                       {"MAX", right, 9},
                       {"MEMORY", right, 6},
                       {"NOTES"}}};
}

std::string pid_text(const observe::owner& who) {
    return who.pid == 0 ? "?" : std::to_string(who.pid);
}

std::string number(std::uint64_t count) {
    return count_text(static_cast<double>(count));
}

void append(std::string& notes, const std::string& more) {
    if (more.empty()) return;
    notes += (notes.empty() ? "" : ", ") + more;
}

std::string notes_of(const publication& one) {
    std::string notes = one.of.problem;
    append(notes, one.subscriptions == 0 ? "nobody reads it" : "");
    if (one.rate.waited > share_worth_telling) {
        append(notes,
               fmt::format("waits for subscribers {:.0f} % of the time", 100 * one.rate.waited));
    } else if (one.waits != 0) {
        append(notes, "waited " + duration_text(one.waited) + " in all");
    }
    if (one.evicted != 0) append(notes, fmt::format("evicted {}", one.evicted));
    if (one.limbo_chunks != 0) append(notes, fmt::format("{} retired held", one.limbo_chunks));
    return notes;
}

std::string notes_of(const subscription& one) {
    std::string notes = one.of.problem;
    if (!one.held.empty()) {
        append(notes, fmt::format("holds {}", one.held.size()));
        const std::chrono::nanoseconds longest = one.held.front().age;
        if (longest.count() != 0) append(notes, "longest since " + duration_text(longest));
    }
    if (one.finished) append(notes, "reads no more");
    append(notes, policy_name(one.policy));
    return notes;
}

std::string quantile(const subscription& one, double share) {
    if (!one.recent || one.recent->total() == 0) return "-";
    return duration_text(one.recent->quantile(share));
}

void add(text_table& table, const publication& one) {
    table.add({name_for_people(one.of.topic), "pub", pid_text(one.of), one.of.command,
               count_text(one.rate.messages), bytes_text(one.rate.bytes), number(one.published), "",
               "", "", "", "", "", "", "", bytes_text(static_cast<double>(one.memory_bytes)),
               notes_of(one)});
}

void add(text_table& table, const subscription& one) {
    table.add({"  " + name_for_people(one.of.topic), "sub", pid_text(one.of), one.of.command,
               count_text(one.rate.received), "", number(one.received),
               one.lag ? number(*one.lag) : "?", count_text(one.rate.lost), number(one.lost),
               number(one.skipped), fmt::format("{}/{}", one.held.size(), one.held_max),
               quantile(one, 0.5), quantile(one, 0.99), quantile(one, 1), "", notes_of(one)});
}

void add(text_table& table, const bystander& one) {
    const std::string alone = one.publishes ? "cannot be read" : "no publisher";
    table.add({name_for_people(one.of.topic), one.publishes ? "pub" : "sub", pid_text(one.of),
               one.of.command, "-", "", "", "", "", "", "", "", "", "", "", "",
               one.of.problem.empty() ? alone : one.of.problem});
}

emphasis look_of(const publication& one) {
    return one.of.problem.empty() ? emphasis::none : emphasis::bad;
}
emphasis look_of(const subscription& one) {
    return one.of.problem.empty() && one.rate.lost == 0 ? emphasis::none : emphasis::bad;
}
emphasis look_of(const bystander& one) {
    return one.of.problem.empty() ? emphasis::faint : emphasis::bad;
}

template <class Counts>
void add_all(text_table& table, std::vector<emphasis>& looks, const std::vector<Counts>& all,
             const std::string& topic) {
    for (const Counts& one : all) {
        if (one.of.topic != topic) continue;
        add(table, one);
        looks.push_back(look_of(one));
    }
}

std::vector<std::string> topics_by_rate(const reading& all) {
    std::map<std::string, double> rates;
    for (const bystander& one : all.bystanders) rates[one.of.topic] += 0;
    for (const subscription& one : all.subscriptions) rates[one.of.topic] += 0;
    for (const publication& one : all.publications) rates[one.of.topic] += one.rate.messages;
    std::vector<std::string> topics;
    for (const auto& [topic, rate] : rates) topics.push_back(topic);
    std::stable_sort(topics.begin(), topics.end(), [&](const std::string& a, const std::string& b) {
        return rates[a] > rates[b];
    });
    return topics;
}

std::string several(std::size_t count, const char* one, const char* many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string summary(const reading& all, const std::string& directory, std::size_t topics) {
    double messages = 0, bytes = 0, memory = 0, lost = 0;
    for (const publication& one : all.publications) {
        messages += one.rate.messages;
        bytes += one.rate.bytes;
        memory += static_cast<double>(one.memory_bytes);
    }
    for (const subscription& one : all.subscriptions) lost += one.rate.lost;
    return fmt::format("signet top  {}  {}, {}  {} msg/s  {}/s  {} lost/s  {} of memory", directory,
                       several(all.processes, "process", "processes"),
                       several(topics, "topic", "topics"), count_text(messages), bytes_text(bytes),
                       count_text(lost), bytes_text(memory));
}

template <class Counts>
void keep(std::vector<Counts>& all, const topic_filter& which) {
    std::erase_if(all, [&](const Counts& one) { return !which.takes(one.of.topic); });
}

}  // namespace

reading chosen_and_sorted(reading all, const topic_filter& which) {
    keep(all.publications, which);
    keep(all.subscriptions, which);
    keep(all.bystanders, which);
    std::stable_sort(all.publications.begin(), all.publications.end(),
                     [](const publication& a, const publication& b) {
                         return a.rate.messages > b.rate.messages;
                     });
    std::stable_sort(all.subscriptions.begin(), all.subscriptions.end(),
                     [](const subscription& a, const subscription& b) {
                         return a.rate.received > b.rate.received;
                     });
    return all;
}

std::vector<tour::line> top_lines(const reading& all, const std::string& directory,
                                  std::size_t width) {
    const std::vector<std::string> topics = topics_by_rate(all);
    text_table table = empty_table();
    std::vector<emphasis> looks{emphasis::title};
    for (const std::string& topic : topics) {
        add_all(table, looks, all.publications, topic);
        add_all(table, looks, all.subscriptions, topic);
        add_all(table, looks, all.bystanders, topic);
    }
    std::vector<tour::line> lines{{summary(all, directory, topics.size()), emphasis::none}, {}};
    const std::vector<std::string> texts = table.lines(width);
    for (std::size_t i = 0; i < texts.size(); ++i) lines.push_back({texts[i], looks[i]});
    return lines;
}

}  // namespace signet::command
