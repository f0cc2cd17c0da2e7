// SPDX-License-Identifier: Apache-2.0
#include "call_values.hpp"

#include "known_methods.hpp"

#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/json_reader.hpp>
#include <signet/wire/json_untyped.hpp>

#include <fmt/core.h>

#include <optional>
#include <stdexcept>

namespace signet::command {
namespace {

using packed = std::vector<std::byte>;

packed as_text(const std::string& word) {
    packed value;
    wire::append_value(value, word);
    return value;
}

std::string quoted(const std::string& word) {
    std::string text;
    wire::append_json_text(text, word);
    return text;
}

// A bare word is text also where the type is known: it is tried as JSON first, so that what is
// wrong is told of that.
packed pack_as(const wire::type_descriptor& type, const std::string& word) try {
    return wire::parse_value_json(type, word);
} catch (const error&) {
    try {
        return wire::parse_value_json(type, quoted(word));
    } catch (const error&) {
        // it is neither
    }
    throw;
}

packed pack_any(const std::string& word) {
    return wire::parse_untyped_json(word).value_or(as_text(word));
}

packed pack_argument(const std::string& word, const wire::method_signature& method,
                     std::size_t index) {
    const auto& parameters = method.parameters;
    if (index >= parameters.size() || !parameters[index].layout) return pack_any(word);
    try {
        return pack_as(*parameters[index].layout, word);
    } catch (const error& e) {
        throw std::runtime_error{
            fmt::format("argument {} of {}: {}", index + 1, shown_signature(method), e.advice())};
    }
}

void check_count(const wire::method_signature& method, std::size_t count) {
    const auto& parameters = method.parameters;
    const bool too_few = count < parameters.size() && !parameters[count].optional;
    const bool too_many = count > parameters.size() && !takes_any_number(method);
    if (!too_few && !too_many) return;
    throw std::runtime_error{fmt::format("{}: it was given {} arguments, and takes {}",
                                         shown_signature(method), count, parameters.size())};
}

}  // namespace

bool takes_any_number(const wire::method_signature& method) {
    return !method.parameters.empty() && method.parameters.back().type == any_number_type;
}

std::vector<std::byte> pack_arguments(const std::vector<std::string>& words,
                                      const wire::method_signature* method) {
    if (method != nullptr) check_count(*method, words.size());
    packed all;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const packed one =
            method == nullptr ? pack_any(words[i]) : pack_argument(words[i], *method, i);
        all.insert(all.end(), one.begin(), one.end());
    }
    return all;
}

std::string result_json(std::span<const std::byte> result, const wire::method_signature* method,
                        wire::json_style style) {
    if (method != nullptr && method->result.layout) {
        std::string text;
        try {
            wire::append_value_json(text, *method->result.layout, result, style);
            return text;
        } catch (const error&) {
            // what is not as its method says is shown as it is
        }
    }
    std::string text;
    wire::append_untyped_json(text, result, style);
    return text;
}

}  // namespace signet::command
