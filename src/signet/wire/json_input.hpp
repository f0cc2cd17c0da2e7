// SPDX-License-Identifier: Apache-2.0
// What the readers of JSON have in common: where they are, the tokens they expect, and what they
// say where there is something else. Belongs to one thread.
#pragma once

#include <signet/wire/descriptor.hpp>
#include <signet/wire/json_scanner.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signet::wire::detail {

/// Each function throws `error` (incompatible_type) that names the field, what it expects and what
/// was found.
class json_input {
public:
    json_input(const type_descriptor& descriptor, std::string_view json)
        : descriptor_{descriptor}, json_{json} {}

    json_scanner& scanner() { return json_; }

    [[noreturn]] void complain(std::string_view why) const;

    /// `at` is what was found.
    [[noreturn]] void fail(std::string_view expected, std::string_view at) const;

    void expect(char c);
    void expect_end();
    bool expect_boolean();
    std::string expect_text(std::string_view expected);
    std::vector<std::byte> expect_base64();

    template <class Number>
    Number expect_integer(std::string_view expected) {
        const std::string_view begin = json_.rest();
        const std::optional<Number> number = parse_number<Number>(json_.take_number());
        if (!number) fail(expected, begin);
        return *number;
    }

    /// A number, or one of those that JSON has no numbers for, as text.
    template <class Number>
    Number expect_real(std::string_view expected) {
        const std::string_view begin = json_.rest();
        if (!json_.take('"')) return expect_integer<Number>(expected);
        json_ = json_scanner{begin};
        const std::optional<Number> number = parse_special<Number>(expect_text(expected));
        if (!number) fail(expected, begin);
        return *number;
    }

    /// The index of the field of `type` whose name comes next, and the ':' behind it; complains of
    /// one that was `seen`, and of an unknown one with those there are. Has entered the field.
    std::size_t expect_field(const type_info& type, std::vector<bool>& seen, std::size_t& parent);

    /// Appends a part to the path of fields; the length to go back to.
    std::size_t enter(std::string_view part);
    std::size_t enter_field(std::string_view name);
    std::size_t enter_element(std::uint64_t index);
    void leave(std::size_t parent) { path_.resize(parent); }

private:
    const type_descriptor& descriptor_;
    json_scanner json_;
    std::string path_;
};

}  // namespace signet::wire::detail
