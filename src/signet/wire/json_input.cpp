// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_input.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/base64.hpp>
#include <signet/wire/utf8.hpp>

#include <utility>

namespace signet::wire::detail {
namespace {

constexpr std::size_t shown_bytes_max = 24;

std::string names_of(const type_info& type) {
    std::string names;
    for (const field_info& field : type.fields) {
        names += (names.empty() ? "'" : ", '") + field.name + "'";
    }
    return names.empty() ? "none" : names;
}

}  // namespace

void json_input::complain(std::string_view why) const {
    const std::string advice =
        (path_.empty() ? "it " : "field '" + printable(path_) + "' ") + std::string{why};
    throw error{errc::incompatible_type, "read JSON as", descriptor_.name(), advice};
}

void json_input::fail(std::string_view expected, std::string_view at) const {
    std::string why = "expects ";
    why += expected;
    if (at.empty()) complain(why + ", found the end");
    std::string shown = printable(at.substr(0, shown_bytes_max));
    complain(why + ", found '" + shown + (at.size() > shown_bytes_max ? "...'" : "'"));
}

void json_input::expect(char c) {
    if (json_.take(c)) return;
    const char expected[] = {'\'', c, '\''};
    fail({expected, sizeof expected}, json_.rest());
}

void json_input::expect_end() {
    if (!json_.at_end()) fail("the end", json_.rest());
}

bool json_input::expect_boolean() {
    const bool yes = json_.take_word("true");
    if (!yes && !json_.take_word("false")) fail("true or false", json_.rest());
    return yes;
}

std::string json_input::expect_text(std::string_view expected) {
    const std::string_view begin = json_.rest();
    if (std::optional<std::string> text = json_.take_text()) return *std::move(text);
    fail(expected, begin);
}

std::vector<std::byte> json_input::expect_base64() {
    const std::string_view begin = json_.rest();
    if (auto bytes = from_base64(expect_text("text in base64"))) return *std::move(bytes);
    fail("text in base64", begin);
}

std::size_t json_input::expect_field(const type_info& type, std::vector<bool>& seen,
                                     std::size_t& parent) {
    const std::string name = expect_text("the name of a field");
    std::size_t index = 0;
    while (index < type.fields.size() && type.fields[index].name != name) ++index;
    if (index == type.fields.size()) {
        complain("has no field '" + printable(name) + "'; it has " + names_of(type));
    }
    parent = enter_field(name);
    if (seen[index]) complain("comes twice");
    seen[index] = true;
    expect(':');
    return index;
}

std::size_t json_input::enter(std::string_view part) {
    const std::size_t parent = path_.size();
    path_ += part;
    return parent;
}

std::size_t json_input::enter_field(std::string_view name) {
    const std::size_t parent = enter(path_.empty() ? "" : ".");
    path_ += name;
    return parent;
}

std::size_t json_input::enter_element(std::uint64_t index) {
    const std::size_t parent = enter("[");
    path_ += std::to_string(index);
    path_ += ']';
    return parent;
}

}  // namespace signet::wire::detail
