// SPDX-License-Identifier: Apache-2.0
// `signet queue ls`: the queues of the rendezvous directory.
#include "json_value.hpp"
#include "queue_values.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "text_table.hpp"
#include "units.hpp"

#include <signet/base/error.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/os/directory.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace signet::command {
namespace {

/// What one queue is, or why that cannot be told.
struct listed_queue {
    std::string name;
    std::string problem{};
    std::string type{};
    queue_account account{};
};

std::vector<std::string> queue_names() try {
    std::vector<std::string> names;
    const auto folder = os::directory::open(life::default_rendezvous_path()).open_below("queues");
    if (!folder) return names;
    for (std::string name : folder->list()) {
        std::replace(name.begin(), name.end(), ':', '/');
        if (!name.starts_with('.')) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
} catch (const error& e) {
    if (e.code() == std::errc::no_such_file_or_directory) return {};
    throw;
}

/// False: it was removed meanwhile.
bool look(listed_queue& one) try {
    const raw_queue queue = raw_queue::open(one.name);
    const queue_type type = queue.type();
    one.type = type ? type->name() : "any";
    one.account = queue.account();
    return true;
} catch (const error& e) {
    if (e.code() == std::errc::no_such_file_or_directory) return false;
    if (e.code() == errc::peer_died) return false;  // a mailbox, which is gone by now
    one.problem = e.what();
    return true;
}

std::vector<listed_queue> all_queues() {
    std::vector<listed_queue> all;
    for (std::string& name : queue_names()) {
        listed_queue one{.name = std::move(name)};
        if (look(one)) all.push_back(std::move(one));
    }
    return all;
}

std::string age_text(const queue_account& account) {
    if (!account.oldest) return "";
    return duration_text(clock::now() - *account.oldest);
}

void print_table(const std::vector<listed_queue>& all) {
    using enum table_column::alignment;
    text_table table{{{"QUEUE"},
                      {"READY", right},
                      {"HELD", right},
                      {"DELAYED", right},
                      {"DEAD", right},
                      {"OLDEST", right},
                      {"TYPE"}}};
    const auto number = [](std::uint64_t count) { return std::to_string(count); };
    for (const listed_queue& one : all) {
        const queue_account& has = one.account;
        if (!one.problem.empty()) {
            table.add({one.name, "?", "?", "?", "?", "?", one.problem});
        } else {
            table.add({one.name, number(has.length), number(has.in_flight), number(has.delayed),
                       number(has.dead_letters), age_text(has), one.type});
        }
    }
    for (const std::string& line : table.lines()) write_output(line + '\n');
}

json_value to_json(const listed_queue& one) {
    return {
        {"queue", one.name},
        {"problem", one.problem},
        {"type", one.type},
        {"length", one.account.length},
        {"in_flight", one.account.in_flight},
        {"delayed", one.account.delayed},
        {"dead_letters", one.account.dead_letters},
        {"oldest_s", one.account.oldest ? json_value(age_s(*one.account.oldest)) : json_value()}};
}

int list(bool json) {
    const auto all = all_queues();
    if (!json) {
        print_table(all);
        return 0;
    }
    auto array = json_value::array();
    for (const listed_queue& one : all) array.push_back(to_json(one));
    write_output(array.dump(2) + '\n');
    return 0;
}

}  // namespace

void add_queue_ls(command_line queue, action& chosen) {
    auto json = std::make_shared<bool>(false);
    command_line ls = queue.add_subcommand("ls", "List the queues, and how much is in them");
    ls.add_flag("--json", *json, "An array with an object for each");
    ls.footer(
        "READY may be popped now, HELD is with those who popped it, DEAD are letters that\n"
        "nobody gets before they are redriven.\n\nExample:\n  signet queue ls --json");
    ls.callback([json, &chosen] { chosen = [json] { return list(*json); }; });
}

}  // namespace signet::command
