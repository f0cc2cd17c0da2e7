// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/named_arguments.hpp>

#include <signet/wire/cursor.hpp>
#include <signet/wire/format.hpp>
#include <signet/wire/utf8.hpp>

#include <algorithm>
#include <string_view>

namespace signet::wire {
namespace {

using detail::cursor;
/// What is shown of a name that somebody else gave.
constexpr std::size_t shown_bytes_max = 64;

using values = std::vector<std::span<const std::byte>>;  // by the places of their names

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
}

std::string complain_of(std::string_view name, const std::vector<std::string>& names) {
    if (names.empty()) return "its parameters have no names: give its arguments in an array";
    return "there is no parameter '" + printable(name.substr(0, shown_bytes_max)) +
           "'; there are " + listed(names);
}

bool take_name(cursor& from, std::string_view& name) {
    std::span<const std::byte> body;
    if (!from.take_text(body)) return false;
    name = {reinterpret_cast<const char*>(body.data()), body.size()};
    return true;
}

/// What is wrong with the next one; empty: it has its place.
std::string take_argument(cursor& from, const std::vector<std::string>& names, values& into) {
    std::string_view name;
    if (!take_name(from, name)) return from.complaint();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return complain_of(name, names);
    auto& place = into[static_cast<std::size_t>(found - names.begin())];
    if (!place.empty()) return "there is a parameter '" + *found + "' twice";
    const auto begin = from.rest();
    if (!from.skip()) return from.complaint();
    place = begin.first(begin.size() - from.left());
    return {};
}

void append_row(argument_row& into, const values& placed) {
    for (const auto one : placed) {
        if (one.empty()) into.values.push_back(std::byte{format::nil});
        into.values.insert(into.values.end(), one.begin(), one.end());
    }
    into.count = placed.size();
}

}  // namespace

argument_row place_arguments(std::span<const std::byte> named,
                             const std::vector<std::string>& names) {
    argument_row row;
    values placed(names.size());
    cursor from{named};
    std::size_t count = 0;
    if (!from.take_map_head(count)) row.complaint = from.complaint();
    for (std::size_t i = 0; i < count && row.complaint.empty(); ++i) {
        row.complaint = take_argument(from, names, placed);
    }
    while (!placed.empty() && placed.back().empty()) placed.pop_back();
    if (row.complaint.empty()) append_row(row, placed);
    return row;
}

}  // namespace signet::wire
