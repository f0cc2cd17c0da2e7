// SPDX-License-Identifier: Apache-2.0
#include <signet/link/rendezvous_names.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace signet::link {
namespace {

constexpr std::size_t id_digits = 16;

}  // namespace

std::string socket_name(std::uint64_t context) {
    std::string text(id_digits, '0');
    std::array<char, id_digits> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), context, 16).ptr;
    std::copy_backward(buffer.data(), end, text.data() + text.size());
    return text;
}

std::optional<std::uint64_t> parse_socket_name(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
    const bool whole = text.size() == id_digits && end == text.data() + text.size();
    return whole && problem == std::errc{} ? std::optional{id} : std::nullopt;
}

bool is_socket_name(std::string_view text) {
    return parse_socket_name(text.substr(text.starts_with('.') ? 1 : 0)).has_value();
}

std::string listing_name(const listing& who) {
    return std::string{static_cast<char>(who.side)} + '-' + socket_name(who.context) + '-' +
           socket_name(who.endpoint);
}

std::optional<listing> parse_listing_name(std::string_view text) {
    constexpr std::size_t context_at = 2;
    constexpr std::size_t endpoint_at = context_at + id_digits + 1;
    if (text.size() != endpoint_at + id_digits || text[1] != '-') return std::nullopt;
    if (text[0] != 'p' && text[0] != 's') return std::nullopt;
    const auto context = parse_socket_name(text.substr(context_at, id_digits));
    const auto endpoint = parse_socket_name(text.substr(endpoint_at));
    if (!context || !endpoint || text[endpoint_at - 1] != '-') return std::nullopt;
    return listing{static_cast<role>(text[0]), *context, *endpoint};
}

std::string folder_name(std::string_view topic) {
    std::string name{topic};
    std::replace(name.begin(), name.end(), '/', ':');
    return name;
}

std::string topic_of_folder(std::string folder) {
    std::replace(folder.begin(), folder.end(), ':', '/');
    return folder;
}

}  // namespace signet::link
