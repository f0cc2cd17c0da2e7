// SPDX-License-Identifier: Apache-2.0
#include "queue_values.hpp"

#include <signet/wire/json.hpp>
#include <signet/wire/json_reader.hpp>
#include <signet/wire/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace signet::command {
namespace {

bool is_itself(const queue_type& type) {
    return !type || type->root().kind == wire::type_kind::text ||
           type->root().kind == wire::type_kind::bytes;
}

std::string_view text_in(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const wire::type_descriptor& known(const queue_type& type) {
    return type ? *type : wire::text_descriptor();
}

}  // namespace

std::vector<std::byte> message_of(const queue_type& type, const std::string& word) {
    if (!is_itself(type)) return wire::parse_json(*type, word);
    const auto bytes = std::as_bytes(std::span{word});
    return {bytes.begin(), bytes.end()};
}

std::string plain_text_of(const queue_type& type, std::span<const std::byte> message) {
    return is_itself(type) ? std::string{text_in(message)} : json_text_of(type, message);
}

std::string json_text_of(const queue_type& type, std::span<const std::byte> message) {
    std::string text;
    try {
        wire::append_json(text, known(type), message);
    } catch (const error&) {
        text.clear();
        wire::append_json_text(text, text_in(message));
    }
    return text;
}

std::string text_of(const message_id& id) {
    const std::string_view whole = text_in(id.bytes);
    const std::string_view text = whole.substr(0, whole.find('\0'));
    const bool padded = std::all_of(whole.begin() + static_cast<std::ptrdiff_t>(text.size()),
                                    whole.end(), [](char each) { return each == '\0'; });
    const bool printable = std::all_of(text.begin(), text.end(),
                                       [](char each) { return each >= 0x20 && each < 0x7f; });
    if (!text.empty() && padded && printable) return std::string{text};
    std::string digits;
    for (const std::byte each : id.bytes)
        digits += fmt::format("{:02x}", std::to_integer<int>(each));
    return digits;
}

const char* text_of(dead_reason reason) noexcept {
    switch (reason) {
        case dead_reason::refused: return "refused";
        case dead_reason::deliveries: return "deliveries";
        case dead_reason::expired: return "expired";
        case dead_reason::damaged: break;
    }
    return "damaged";
}

double age_s(clock::time_point then) {
    return std::chrono::duration<double>(clock::now() - then).count();
}

raw_queue open_queue(const std::string& address) try {
    return raw_queue::open(address);
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    throw error{e.code(), e.operation(), e.subject(),
                "nobody made it yet; `signet queue ls` shows what there is"};
}

}  // namespace signet::command
