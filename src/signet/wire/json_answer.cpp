// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_answer.hpp>

#include <signet/wire/json.hpp>
#include <signet/wire/json_untyped.hpp>

#include <array>

namespace signet::wire {
namespace {

/// Those of ours, by what a failure says. What is none of them is `of_handler`.
struct coded {
    std::string_view text;
    int code;
};
constexpr std::array<coded, 4> codes{
    {{"overloaded", -32001}, {"expired", -32002}, {"cancelled", -32003}, {"closing", -32004}}};
constexpr int of_handler = -32000;

int code_of(std::string_view text) {
    for (const coded& one : codes) {
        if (one.text == text) return one.code;
    }
    return of_handler;
}

/// `data` is JSON; empty: there is none.
std::string error_answer(std::string_view id, int code, std::string_view message,
                         std::string_view data = {}) {
    std::string text =
        R"({"jsonrpc":"2.0","error":{"code":)" + std::to_string(code) + R"(,"message":)";
    append_json_text(text, message);
    if (!data.empty()) text.append(R"(,"data":)").append(data);
    text.append(R"(},"id":)").append(id);
    return text += '}';
}

std::string quoted(std::string_view text) {
    std::string json;
    if (!text.empty()) append_json_text(json, text);
    return json;
}

void append_member(std::string& object, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    object += object.empty() ? '{' : ',';
    append_json_text(object, name);
    object += ':';
    append_json_text(object, text);
}

}  // namespace

std::string json_parse_error() {
    return error_answer("null", -32700, "Parse error");
}

std::string json_invalid_request(std::string_view id, std::string_view why) {
    return error_answer(id, -32600, "Invalid Request", quoted(why));
}

std::string json_method_not_found(std::string_view id) {
    return error_answer(id, -32601, "Method not found");
}

std::string json_invalid_params(std::string_view id, std::string_view why) {
    return error_answer(id, -32602, "Invalid params", quoted(why));
}

std::string json_result(std::string_view id, std::span<const std::byte> value) {
    std::string text = R"({"jsonrpc":"2.0","result":)";
    append_untyped_json(text, value);
    text.append(R"(,"id":)").append(id);
    return text += '}';
}

std::string json_failure(std::string_view id, const rpc_failure& what) {
    if (what.code == "unknown_method") return json_method_not_found(id);
    if (what.code == "bad_arguments") return json_invalid_params(id, what.text);
    std::string data;
    append_member(data, "type", what.type);
    append_member(data, "ran", what.ran);
    if (!data.empty()) data += '}';
    return error_answer(id, code_of(what.code), what.text.empty() ? what.type : what.text, data);
}

}  // namespace signet::wire
