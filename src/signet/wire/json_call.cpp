// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_call.hpp>

#include <signet/wire/cursor.hpp>
#include <signet/wire/json_untyped_reader.hpp>

#include <algorithm>
#include <utility>

namespace signet::wire {
namespace {

using detail::json_scanner;
using detail::message_builder;

/// A value, as it was spelled and as MessagePack.
struct member {
    std::string_view text;
    std::vector<std::byte> value;
};

bool take_member(json_scanner& from, member& into) {
    message_builder built;
    from.skip_spaces();
    const std::string_view before = from.rest();
    if (!append_untyped(built, from)) return false;
    into = {before.substr(0, before.size() - from.rest().size()), std::move(built.bytes)};
    return true;
}

/// The four that mean something, where they are there.
struct call_members {
    std::optional<member> version;
    std::optional<member> id;
    std::optional<member> method;
    std::optional<member> params;
    bool twice = false;  ///< one of them was there before

    std::optional<member>* find(std::string_view name) {
        if (name == "jsonrpc") return &version;
        if (name == "id") return &id;
        if (name == "method") return &method;
        return name == "params" ? &params : nullptr;
    }
};

bool take_members(json_scanner& from, call_members& into) {
    do {
        const std::optional<std::string> name = from.take_text();
        member read;
        if (!name || !from.take(':') || !take_member(from, read)) return false;
        std::optional<member>* const place = into.find(*name);
        if (place == nullptr) continue;
        into.twice |= place->has_value();
        *place = std::move(read);
    } while (from.take(','));
    return from.take('}');
}

std::optional<std::string> text_of(const std::optional<member>& what) {
    if (!what) return std::nullopt;
    detail::cursor from{what->value};
    std::span<const std::byte> body;
    if (!from.take_text(body)) return std::nullopt;
    return std::string{reinterpret_cast<const char*>(body.data()), body.size()};
}

bool is_id(const member& what) {
    if (what.text.size() > json_id_bytes_max) return false;
    const char first = what.text.front();
    return first == '"' || first == '-' || (first >= '0' && first <= '9') || what.text == "null";
}

bool is_params(const member& what) {
    return what.text.front() == '[' || what.text.front() == '{';
}

json_call to_call(call_members from) {
    json_call call;
    const bool knows_id = from.id && is_id(*from.id);
    if (knows_id && !from.twice) call.id = from.id->text;
    std::optional<std::string> method = text_of(from.method);
    const bool valid = !from.twice && text_of(from.version) == "2.0" && method &&
                       (!from.id || knows_id) && (!from.params || is_params(*from.params));
    if (!valid) return call;
    call.as = from.id ? json_call::form::call : json_call::form::notification;
    call.method = std::move(*method);
    if (from.id) call.id_value = std::move(from.id->value);
    if (from.params) call.params = std::move(from.params->value);
    return call;
}

// False: it is no JSON.
bool take_call(json_scanner& from, json_call& into) {
    call_members members;
    if (!from.take('{')) {
        member other;
        return take_member(from, other);
    }
    if (!from.take('}') && !take_members(from, members)) return false;
    into = to_call(std::move(members));
    return true;
}

bool take_batch(json_scanner& from, json_calls& into) {
    if (from.take(']')) return true;
    do {
        json_call one;
        if (!take_call(from, one)) return false;
        into.too_many = into.all.size() == json_batch_max;
        if (!into.too_many) into.all.push_back(std::move(one));
    } while (from.take(','));
    return from.take(']');
}

}  // namespace

std::optional<json_calls> read_json_calls(std::string_view text) {
    json_scanner from{text};
    json_calls calls;
    calls.batch = from.take('[');
    if (!calls.batch) calls.all.emplace_back();
    const bool whole = calls.batch ? take_batch(from, calls) : take_call(from, calls.all.front());
    if (!whole || !from.at_end()) return std::nullopt;
    return calls;
}

}  // namespace signet::wire
