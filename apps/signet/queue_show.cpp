// SPDX-License-Identifier: Apache-2.0
// `signet queue show`: one queue, who has what of it, and its first messages.
#include "json_value.hpp"
#include "pop_command.hpp"
#include "queue_values.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"
#include "units.hpp"

#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <memory>

namespace signet::command {
namespace {

struct show_options {
    std::string name;
    unsigned messages = 0;
    bool dead = false;
    bool json = false;
};

std::string line_of(const char* what, const std::string& value) {
    return fmt::format("{:<16}{}\n", what, value);
}

std::string shape_text(const raw_queue& queue, const queue_type& type) {
    const auto& shape = queue.shape();
    std::string text = line_of("queue", queue.name());
    text += line_of("type", type ? type->name() : "any");
    text += line_of("survives", queue.survives() == durability::host_crash
                                    ? "a stop of the machine"
                                    : "the death of any process");
    text += line_of("messages up to", bytes_text(static_cast<double>(shape.message_bytes_max)));
    text += line_of("priorities", std::to_string(shape.priorities));
    if (shape.deliveries_max != 0) {
        text += line_of("delivered", fmt::format("up to {} times", shape.deliveries_max));
    }
    if (shape.id_window.count() != 0) {
        text += line_of("ids known for", duration_text(shape.id_window));
    }
    return text;
}

std::string account_text(const queue_account& has) {
    std::string text = line_of("ready", std::to_string(has.length));
    if (has.oldest) text += line_of("oldest", duration_text(clock::now() - *has.oldest));
    text += line_of("delayed", std::to_string(has.delayed));
    text += line_of("held", std::to_string(has.in_flight));
    for (const message_holder& one : has.holders) {
        text += line_of("", fmt::format("{} by {} (pid {})", one.messages,
                                        wire::printable(one.command), one.pid));
    }
    text += line_of("dead letters", std::to_string(has.dead_letters));
    text += line_of("dropped", fmt::format("{} expired, {} duplicates, {} damaged", has.expired,
                                           has.duplicates, has.damaged));
    text += line_of("pages", fmt::format("{} of {} free, {} in all", has.pages_free, has.pages,
                                         bytes_text(static_cast<double>(has.bytes))));
    return text;
}

const char* state_of(const peeked_message& one) {
    if (one.reason) return "dead letter";
    if (one.held) return "held";
    return one.delayed ? "delayed" : "ready";
}

std::string message_text(const queue_type& type, const peeked_message& one) {
    std::string text =
        fmt::format("{:<12} {:>8}  ", state_of(one), duration_text(clock::now() - one.pushed));
    text += wire::printable(plain_text_of(type, one.payload));
    if (one.reason) {
        text += fmt::format("  ({}{}{})", text_of(*one.reason), one.text.empty() ? "" : ": ",
                            wire::printable(one.text));
    }
    return text + '\n';
}

json_value to_json(const message_holder& one) {
    return {
        {"pid", one.pid}, {"command", one.command}, {"seat", one.seat}, {"messages", one.messages}};
}

json_value account_json(const raw_queue& queue, const queue_type& type, const queue_account& has) {
    auto holders = json_value::array();
    for (const message_holder& one : has.holders) holders.push_back(to_json(one));
    const auto& shape = queue.shape();
    return {
        {"queue", queue.name()},
        {"type", type ? json_value(type->name()) : json_value()},
        {"durability", queue.survives() == durability::host_crash ? "host_crash" : "process_crash"},
        {"message_bytes_max", shape.message_bytes_max},
        {"priorities", shape.priorities},
        {"deliveries_max", shape.deliveries_max},
        {"seats", shape.seats},
        {"length", has.length},
        {"oldest_s", has.oldest ? json_value(age_s(*has.oldest)) : json_value()},
        {"delayed", has.delayed},
        {"in_flight", has.in_flight},
        {"holders", std::move(holders)},
        {"dead_letters", has.dead_letters},
        {"expired", has.expired},
        {"duplicates", has.duplicates},
        {"damaged", has.damaged},
        {"bytes", has.bytes},
        {"pages", has.pages},
        {"pages_free", has.pages_free}};
}

std::string message_json(const queue_type& type, const peeked_message& one) {
    json_line line;
    line.add("state", json_value(state_of(one)).dump());
    line.add("priority", std::to_string(one.priority));
    line.add("deliveries", std::to_string(one.deliveries));
    line.add("age_s", json_value(age_s(one.pushed)).dump());
    if (one.id) line.add("id", json_value(text_of(*one.id)).dump());
    if (!one.reply_to.empty()) line.add("reply_to", json_value(one.reply_to).dump());
    if (one.reason) {
        line.add("reason", json_value(text_of(*one.reason)).dump());
        line.add("text", json_value(one.text).dump());
    }
    return line.with("message", json_text_of(type, one.payload));
}

int show(const show_options& options) {
    const raw_queue queue = open_queue(options.name);
    const queue_type type = queue.type();
    if (options.messages == 0) {
        const queue_account has = queue.account();
        write_output(options.json ? account_json(queue, type, has).dump(2) + '\n'
                                  : shape_text(queue, type) + account_text(has));
        return 0;
    }
    const auto found =
        options.dead ? queue.peek_dead_letters(options.messages) : queue.peek(options.messages);
    for (const peeked_message& one : found) {
        write_output(options.json ? message_json(type, one) : message_text(type, one));
    }
    return 0;
}

constexpr const char* example =
    R"(Nothing is taken, and nobody waits for us. With --messages the first of them in
place of the counts; with --dead those that were put aside, and why.

Examples:
  signet queue show jobs
  signet queue show jobs --messages 10
  signet queue show jobs --messages 100 --dead --json)";

}  // namespace

void add_queue_show(command_line queue, action& chosen) {
    auto options = std::make_shared<show_options>();
    command_line show_line =
        queue.add_subcommand("show", "Show what is in a queue, and who has it");
    show_line.add_option("NAME", options->name, "Such as jobs").required();
    const option messages =
        show_line.add_option("--messages", options->messages, "Its first messages, so many")
            .positive();
    show_line.add_flag("--dead", options->dead, "Of the dead letters").needs(messages);
    show_line.add_flag("--json", options->json, "As one object, or one a line for each message");
    show_line.footer(example);
    show_line.callback([options, &chosen] { chosen = [options] { return show(*options); }; });
}

}  // namespace signet::command
