// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_untyped_reader.hpp>

#include <signet/wire/format.hpp>
#include <signet/wire/json_untyped.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::wire::detail {
namespace {

constexpr std::size_t long_head_bytes = 5;

// ---- numbers ------------------------------------------------------------------------------------

bool take_one_of(std::string_view& text, std::string_view characters) {
    if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// Goes past the digits that `text` begins with. Whether there are any.
bool take_digits(std::string_view& text) {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count != 0;
}

bool take_exponent(std::string_view& text) {
    take_one_of(text, "+-");
    return take_digits(text);
}

bool is_number(std::string_view text) {
    take_one_of(text, "-");
    if (!take_one_of(text, "0") && !take_digits(text)) return false;
    if (take_one_of(text, ".") && !take_digits(text)) return false;
    if (take_one_of(text, "eE") && !take_exponent(text)) return false;
    return text.empty();
}

// ---- values -------------------------------------------------------------------------------------

/// The heads of arrays and maps are written before it is known how long these are, so in their
/// longest format.
class untyped_reader {
public:
    untyped_reader(message_builder& into, json_scanner& from) : into_{into}, from_{from} {}

    bool run() {
        do {
            good_ = take_value();
        } while (good_ && advance());
        return good_;
    }

private:
    struct container {
        std::size_t head;  ///< where it stands
        bool object;
        std::uint32_t count = 0;

        char end() const { return object ? '}' : ']'; }
    };

    bool take_value() {
        const bool object = from_.take('{');
        opened_ = object || from_.take('[');
        if (opened_) return open(object), true;
        if (from_.rest().starts_with('"')) return take_text();
        return take_word() || take_number();
    }

    /// From the end of a value, or the begin of a container, to where the next value is due.
    bool advance() {
        bool first = opened_;
        while (!open_.empty() && from_.take(open_.back().end())) {
            close();
            first = false;
        }
        if (open_.empty()) return false;
        good_ = (first || from_.take(',')) && begin_element();
        return good_;
    }

    bool begin_element() {
        container& in = open_.back();
        ++in.count;
        return !in.object || (take_text() && from_.take(':'));
    }

    void open(bool object) {
        open_.push_back({into_.bytes.size(), object});
        into_.bytes.resize(into_.bytes.size() + long_head_bytes);
    }

    void close() {
        const container& done = open_.back();
        const unsigned mark = done.object ? format::map32 : format::array32;
        format::put_word(into_.bytes.data() + done.head, mark, done.count);
        open_.pop_back();
    }

    bool take_text() {
        const std::optional<std::string> text = from_.take_text();
        if (text) into_.text(*text);
        return text.has_value();
    }

    bool take_word() {
        if (from_.take_word("null")) return into_.mark(format::nil), true;
        if (from_.take_word("true")) return into_.mark(format::yes), true;
        if (from_.take_word("false")) return into_.mark(format::no), true;
        return false;
    }

    bool take_number() {
        const std::string_view text = from_.take_number();
        if (!is_number(text)) return false;
        if (const auto small = parse_number<std::int64_t>(text)) return put_integer(*small), true;
        if (const auto large = parse_number<std::uint64_t>(text)) return into_.number(*large), true;
        const auto real = parse_number<double>(text);
        if (real) into_.number(*real);
        return real.has_value();
    }

    void put_integer(std::int64_t value) {
        const bool tiny = value >= -32 && value < 128;  // it is its own mark
        tiny ? into_.mark(static_cast<std::uint8_t>(value)) : into_.number(value);
    }

    message_builder& into_;
    json_scanner& from_;
    std::vector<container> open_;
    bool opened_ = false;  ///< the last value was the begin of a container
    bool good_ = true;
};

}  // namespace

bool append_untyped(message_builder& into, json_scanner& from) {
    return untyped_reader{into, from}.run();
}

}  // namespace signet::wire::detail

namespace signet::wire {

std::optional<std::vector<std::byte>> parse_untyped_json(std::string_view json) {
    detail::message_builder built;
    detail::json_scanner from{json};
    if (!append_untyped(built, from) || !from.at_end()) return std::nullopt;
    return std::move(built.bytes);
}

}  // namespace signet::wire
