// SPDX-License-Identifier: Apache-2.0
// `signet queue verify`: what in a queue's files cannot be.
#include "json_value.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "units.hpp"

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/observe/queues.hpp>
#include <signet/os/directory.hpp>
#include <signet/pattern/queue/durable_queue.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace signet::command {
namespace {

struct verify_options {
    std::string name;
    bool json = false;
};

/// What is told of either kind, and whether all is well.
struct verdict {
    json_value facts;
    std::string text;
    std::vector<std::string> flaws;
};

os::file file_of(const std::string& name) {
    std::string file = parse_address(name).name;
    std::replace(file.begin(), file.end(), '/', ':');
    const auto folder = os::directory::open(life::default_rendezvous_path()).open_below("queues");
    if (folder) {
        if (auto content = os::file::try_open({*folder, file}, os::file_access::read_only)) {
            return std::move(*content);
        }
    }
    throw error{std::make_error_code(std::errc::no_such_file_or_directory), "verify queue", name,
                "nobody made it yet; `signet queue ls` shows what there is"};
}

verdict look_in_memory(const os::file& content) {
    const observe::queue_view seen = observe::verify_queue(content);
    verdict found{.facts = {{"bytes", seen.bytes},
                            {"pages", seen.pages},
                            {"pages_free", seen.pages_free},
                            {"ready", seen.ready},
                            {"delayed", seen.delayed},
                            {"held", seen.held},
                            {"dead_letters", seen.dead_letters},
                            {"done", seen.done},
                            {"under_way", seen.under_way}},
                  .text = fmt::format("{} in {} pages, {} of them free: {} ready, {} delayed, {} "
                                      "held, {} dead letters, {} done",
                                      bytes_text(static_cast<double>(seen.bytes)), seen.pages,
                                      seen.pages_free, seen.ready, seen.delayed, seen.held,
                                      seen.dead_letters, seen.done),
                  .flaws = seen.flaws};
    return found;
}

verdict look_at_log(const std::string& path) {
    const pattern::log_report seen = pattern::verify_log(path);
    verdict found{.facts = {{"segments", seen.segments},
                            {"bytes", seen.bytes},
                            {"groups", seen.groups},
                            {"entries", seen.entries},
                            {"live", seen.live},
                            {"live_bytes", seen.live_bytes},
                            {"in_use", seen.in_use},
                            {"poisoned", seen.poisoned}},
                  .text = fmt::format("{} segments of {} in all: {} entries in {} groups, {} are "
                                      "live",
                                      seen.segments, bytes_text(static_cast<double>(seen.bytes)),
                                      seen.entries, seen.groups, seen.live),
                  .flaws = {}};
    if (seen.poisoned)
        found.flaws.push_back("a write to its disk failed; open it alone to heal it");
    for (const pattern::log_damage& one : seen.damage) {
        found.flaws.push_back(
            fmt::format("segment {}, bytes {} to {}: {}", one.segment, one.from, one.to, one.what));
    }
    return found;
}

verdict look_at(const std::string& name) {
    const address where = split_address(name);
    if (where.scheme == "file") return look_at_log(where.name);
    return look_in_memory(name.starts_with('/') ? os::file::open({name}, os::file_access::read_only)
                                                : file_of(name));
}

int verify(const verify_options& options) {
    verdict found = look_at(options.name);
    if (options.json) {
        json_value whole{{"queue", options.name}};
        whole.update(std::move(found.facts));
        auto flaws = json_value::array();
        for (const std::string& one : found.flaws) flaws.push_back(one);
        whole["flaws"] = std::move(flaws);
        write_output(whole.dump(2) + '\n');
    } else {
        write_output(found.text + '\n');
        for (const std::string& one : found.flaws) write_output("damaged: " + one + '\n');
    }
    return found.flaws.empty() ? 0 : 1;
}

constexpr const char* example =
    R"(Reads all of it, changes nothing and disturbs nobody. Status 1: something in it
cannot be, and each is told. NAME is a queue's name, the path of such a queue's file,
or of one on a disk its address, whose log is read.

Examples:
  signet queue verify jobs
  signet queue verify file:///var/lib/shop/orders --json)";

}  // namespace

void add_queue_verify(command_line queue, action& chosen) {
    auto options = std::make_shared<verify_options>();
    command_line line =
        queue.add_subcommand("verify", "Look for what cannot be in a queue's files");
    line.add_option("NAME", options->name, "Such as jobs, or file:///var/lib/shop/orders")
        .required();
    line.add_flag("--json", options->json, "As one object");
    line.footer(example);
    line.callback([options, &chosen] { chosen = [options] { return verify(*options); }; });
}

}  // namespace signet::command
