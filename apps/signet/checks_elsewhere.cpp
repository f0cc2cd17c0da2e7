// SPDX-License-Identifier: Apache-2.0
// Why nobody is at a topic: the others use another name, another directory, another mount, or
// another user.
#include "checks.hpp"
#include "edit_distance.hpp"
#include "process_view.hpp"
#include "topic_members.hpp"

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace signet::command {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds answer_limit{200};

std::vector<finding> similar_names(const observe::snapshot& seen, const std::string& topic,
                                   const std::vector<member>& members) {
    std::vector<finding> findings;
    std::set<std::string> told;
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (any_on(one.side, members) || !may_mean(topic, one.topic)) continue;
            if (!told.insert(one.topic).second) continue;
            findings.push_back(
                {"names", verdict::problem,
                 fmt::format("{} is at '{}', which is nearly '{}'", member{&process, &one}.text(),
                             one.topic, topic),
                 fmt::format("did you mean '{}'? Both sides need one name", one.topic)});
        }
    }
    return findings;
}

finding found_elsewhere(verdict judged, const member& who, const found_context& where,
                        const std::string& directory, const std::string& topic) {
    if (!where.same_mounts && where.directory == directory) {
        return {"mounts", judged,
                fmt::format("{} is at {} in {} too, but that is another file system there",
                            who.text(), topic, directory),
                "share the directory with its container: one bind mount, or one --ipc for both"};
    }
    return {"directories", judged,
            fmt::format("{} is at {}, but in {}", who.text(), topic, where.directory),
            fmt::format("start both with the same SIGNET_DIR, or none; here it is {}", directory)};
}

/// What there is in the directory of one who is not in ours. One that cannot be read tells nothing.
observe::snapshot look_into(const std::string& path) try {
    return observe::inspect(path, answer_limit);
} catch (const error&) {
    return {};
}

bool knows(const observe::snapshot& seen, std::uint64_t context) {
    return std::any_of(seen.processes.begin(), seen.processes.end(),
                       [&](const auto& process) { return process.context == context; });
}

std::vector<finding> other_directories(const observe::snapshot& seen, const std::string& directory,
                                       const std::string& topic, verdict judged) {
    std::vector<finding> findings;
    std::set<std::string> looked;
    for (const found_context& where : contexts_on_this_machine()) {
        if (knows(seen, where.context) || !looked.insert(where.path).second) continue;
        const observe::snapshot there = look_into(where.path);
        for (const member& who : members_of(there, topic)) {
            findings.push_back(found_elsewhere(judged, who, where, directory, topic));
        }
    }
    return findings;
}

/// Others have directories of their own, into which we may not look.
std::vector<finding> other_users() {
    std::vector<finding> findings;
    std::error_code hidden;
    for (const auto& entry : fs::directory_iterator{"/dev/shm", hidden}) {
        const std::string name = entry.path().filename();
        constexpr std::string_view prefix = "signet-";
        if (!name.starts_with(prefix) || !entry.is_directory(hidden)) continue;
        const std::string user = name.substr(prefix.size());
        const bool number = user.find_first_not_of("0123456789") == user.npos && !user.empty();
        if (!number || user == std::to_string(os::current_uid())) continue;
        findings.push_back(
            {"users", verdict::note,
             fmt::format("user {} has processes of their own, in {}", user, entry.path().string()),
             "processes of different users do not meet: run both as one user"});
    }
    return findings;
}

void append(std::vector<finding>& all, std::vector<finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
}

}  // namespace

std::vector<finding> check_elsewhere(const observe::snapshot& seen, const std::string& directory,
                                     const std::string& topic) {
    const std::vector<member> members = members_of(seen, topic);
    std::vector<finding> findings = similar_names(seen, topic, members);
    const bool both =
        any_on(link::role::publisher, members) && any_on(link::role::subscriber, members);
    const verdict apart = both ? verdict::note : verdict::problem;  // who meets here is not missed
    append(findings, other_directories(seen, directory, topic, apart));
    if (!both) append(findings, other_users());
    return findings;
}

}  // namespace signet::command
