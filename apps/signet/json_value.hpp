// SPDX-License-Identifier: Apache-2.0
// JSON to be printed: built as nlohmann's ordered_json is, `{{"name", value}, ...}`, and turned
// into text by it. Only json_value.cpp includes that library, which takes the compiler longer than
// the rest of a subcommand does. A value owns what is in it; for one thread at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace signet::command {

/// Null, a truth value, a number, text, an array, or an object whose members keep their order.
class json_value {
public:
    using array_type = std::vector<json_value>;
    using object_type = std::vector<std::pair<std::string, json_value>>;
    using any_type = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                                  std::string, array_type, object_type>;

    json_value() = default;
    json_value(std::nullptr_t) {}
    json_value(std::same_as<bool> auto truth) : value_{truth} {}
    json_value(std::signed_integral auto number) : value_{std::int64_t{number}} {}
    json_value(std::unsigned_integral auto number)
        requires(!std::same_as<decltype(number), bool>)
        : value_{std::uint64_t{number}} {}
    json_value(double number) : value_{number} {}
    json_value(const char* text) : value_{std::string{text}} {}
    json_value(std::string_view text) : value_{std::string{text}} {}
    json_value(std::string text) : value_{std::move(text)} {}
    json_value(const std::vector<std::string>& texts)
        : value_{array_type(texts.begin(), texts.end())} {}
    /// An object where each part is a pair that begins with text, else an array.
    json_value(std::initializer_list<json_value> parts);

    static json_value array();

    /// Into an array.
    void push_back(json_value one);
    /// A member of an object, or of null, which becomes one; it is added where it is not there.
    json_value& operator[](std::string_view name);
    /// Sets each member that `other`, an object, has.
    void update(json_value other);

    /// On one line, or indented by so many blanks. Bytes that are not UTF-8 become U+FFFD: names
    /// are chosen by others.
    std::string dump(int indent = -1) const;

    const any_type& any() const { return value_; }

private:
    bool is_member() const;

    any_type value_;
};

}  // namespace signet::command
