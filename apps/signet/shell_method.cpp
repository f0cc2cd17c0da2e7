// SPDX-License-Identifier: Apache-2.0
#include "shell_method.hpp"

#include "call_values.hpp"
#include "command_pipes.hpp"

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/json_untyped.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <cerrno>
#include <string_view>

namespace signet::command {
namespace {

using pattern::not_run;
using wire::rpc_failure;

/// What the command is told of a call.
struct spoken_arguments {
    std::vector<std::string> words;
    std::string json;  ///< an array of all
};

/// One value of those that stand there.
std::span<const std::byte> take_value(wire::detail::cursor& from) {
    const auto before = from.rest();
    if (from.skip()) return before.first(before.size() - from.left());
    throw error{errc::peer_misbehaved, "read the arguments of a call", {}, from.complaint()};
}

spoken_arguments speak(const wire::rpc_frame& call) {
    spoken_arguments spoken;
    wire::detail::cursor from{call.body};
    for (std::size_t i = 0; i < call.arguments; ++i) {
        const auto value = take_value(from);
        std::string json;
        wire::append_untyped_json(json, value);
        spoken.json += (i == 0 ? "[" : ",") + json;
        std::string_view text;
        const bool is_text = wire::value_reader{value, 1}.take(text);
        spoken.words.push_back(is_text ? std::string{text} : std::move(json));
    }
    spoken.json += spoken.json.empty() ? "[]\n" : "]\n";
    return spoken;
}

/// Empty: they may stand on a command line.
std::string flaw_of(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].find('\0') == std::string::npos) continue;
        return fmt::format("argument {} has a NUL in it, which no command can be given", i + 1);
    }
    return {};
}

rpc_failure unstarted(const error& why) {
    if (why.code() == std::errc::argument_list_too_long) {
        return not_run(pattern::code::bad_arguments,
                       "they are too long for a command line (128 KiB each)");
    }
    return {.code = {}, .type = "signet::error", .text = why.what(), .ran = "no"};
}

rpc_failure cut_short(command_end how, std::size_t output_bytes_max) {
    rpc_failure why{.code = {}, .type = "killed", .text = {}, .ran = "yes"};
    if (how == command_end::stopped) why.text = "nobody waits for it any more";
    if (how == command_end::too_late) why.text = "its deadline passed";
    if (how == command_end::too_long) {
        why.text = fmt::format("it printed more than {} bytes", output_bytes_max);
    }
    return why;
}

void drop_line_end(std::string& text) {
    if (text.ends_with('\n')) text.pop_back();
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t bytes = wire::utf8_sequence_bytes(text);
        if (bytes == 0) return false;
        text.remove_prefix(bytes);
    }
    return true;
}

/// What is no text either, travels as bytes.
void append_printed(std::vector<std::byte>& into, std::string& printed) {
    if (printed.empty()) return into.push_back(std::byte{wire::format::nil});
    if (const auto value = wire::parse_untyped_json(printed)) {
        into.insert(into.end(), value->begin(), value->end());
        return;
    }
    if (!is_utf8(printed)) {
        const auto bytes = std::as_bytes(std::span{printed});
        return wire::append_value(into, std::vector<std::byte>{bytes.begin(), bytes.end()});
    }
    drop_line_end(printed);
    wire::append_value(into, printed);
}

std::optional<rpc_failure> outcome_of(command_pipes& ended, std::vector<std::byte>& result) {
    const os::exit_status status = ended.status();
    if (status == os::exit_status{}) {
        append_printed(result, ended.output());
        return std::nullopt;
    }
    std::string said = wire::printable(ended.errors());
    drop_line_end(said);
    return rpc_failure{.code = {}, .type = status.text(), .text = std::move(said), .ran = "yes"};
}

}  // namespace

wire::method_signature shell_method::signature() {
    return {.parameters = {{.type = any_number_type, .optional = true}}, .result = {.type = "any"}};
}

std::optional<rpc_failure> shell_method::operator()(pattern::incoming_call& call,
                                                    std::vector<std::byte>& result) const {
    std::optional<command_pipes> program;
    try {
        spoken_arguments spoken = speak(call.frame());
        if (std::string flaw = flaw_of(spoken.words); !flaw.empty()) {
            return not_run(pattern::code::bad_arguments, std::move(flaw));
        }
        std::vector<std::string> command{"/bin/sh", "-c", line_, name_};
        command.insert(command.end(), spoken.words.begin(), spoken.words.end());
        program.emplace(command, std::move(spoken.json), output_bytes_max_);
    } catch (const error& e) {
        return unstarted(e);
    }
    const command_end how = program->run(call.until(), call.stop_token(), interrupted_->token());
    if (how != command_end::by_itself) return cut_short(how, output_bytes_max_);
    return outcome_of(*program, result);
}

}  // namespace signet::command
