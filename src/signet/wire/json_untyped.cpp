// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_untyped.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/base64.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/format.hpp>
#include <signet/wire/json_output.hpp>
#include <signet/wire/tail.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace signet::wire {
namespace {

using detail::cursor;
using detail::is_within;
using detail::load_once;

bool is_text(unsigned mark) {
    return is_within(mark, format::fixstr, format::fixstr | 31) ||
           is_within(mark, format::str8, format::str32);
}

bool is_list(unsigned mark) {
    return is_within(mark, format::fixarray, format::fixarray | 15) ||
           is_within(mark, format::array16, format::array32);
}

bool is_ext(unsigned mark) {
    return is_within(mark, format::ext8, format::ext32) ||
           is_within(mark, format::fixext1, format::fixext16);
}

class untyped_writer {
public:
    untyped_writer(std::string& out, std::span<const std::byte> value, json_style style)
        : out_{out, text_descriptor(), style}, from_{value} {}

    bool run() {
        do {
            good_ = write_value();
        } while (good_ && advance());
        return good_ && (from_.left() == 0 || from_.fail("ends before its bytes do"));
    }

    std::string complaint() const { return from_.complaint(); }

private:
    /// How the elements of a container stand in JSON; a pair is a list in a list of them.
    enum class form { list, object, pairs };
    struct container {
        form as;
        std::size_t left;  ///< values, two for an entry of a map
        bool first = true;
    };

    bool write_value() {
        out_.check_limit();
        if (from_.left() == 0) return from_.fail("is not complete");
        if (from_.at_map()) return open_map();
        const unsigned mark = next_mark();
        return is_list(mark) ? open_list() : write_scalar(mark);
    }

    unsigned next_mark() const { return load_once<std::uint8_t>(from_.rest().data()); }

    bool open_list() {
        std::size_t count = 0;
        return from_.take_list_head(count) && open(form::list, count);
    }

    bool open_map() {
        std::size_t count = 0;
        if (!from_.take_map_head(count)) return false;
        const bool named = count == 0 || (from_.left() != 0 && is_text(next_mark()));
        return open(named ? form::object : form::pairs, 2 * count);
    }

    bool open(form as, std::size_t values) {
        out_.open(as == form::object ? '{' : '[');
        open_.push_back({as, values});
        return true;
    }

    void close() {
        const container& done = open_.back();
        if (done.as == form::pairs) out_.close(']', false);
        const bool object = done.as == form::object;
        out_.close(object ? '}' : ']', object && out_.is_indented() && !done.first);
        open_.pop_back();
    }

    /// To where the next value is due.
    bool advance() {
        while (!open_.empty() && open_.back().left == 0) close();
        if (open_.empty()) return false;
        container& in = open_.back();
        const bool second = in.as != form::list && in.left % 2 != 0;
        good_ = second ? begin_second(in) : begin_element(in);
        --in.left;
        return good_;
    }

    bool begin_second(const container& in) {
        in.as == form::object ? out_.word(out_.is_indented() ? ": " : ":")
                              : out_.next(false, false);
        return true;
    }

    bool begin_element(container& in) {
        if (!in.first && in.as == form::pairs) out_.close(']', false);
        out_.next(std::exchange(in.first, false), in.as == form::object && out_.is_indented());
        if (in.as == form::pairs) out_.open('[');
        const bool fits = in.as != form::object || (from_.left() != 0 && is_text(next_mark()));
        return fits || from_.fail("has keys of several kinds");
    }

    bool write_scalar(unsigned mark) {
        if (is_text(mark)) return write_text();
        if (is_within(mark, format::bin8, format::bin32)) return write_bytes();
        if (is_ext(mark)) return write_ext();
        if (from_.take_nil()) return out_.word("null"), true;
        if (mark == format::no || mark == format::yes) return write_number<bool>();
        if (mark == format::f32) return write_number<float>();
        if (mark == format::f64) return write_number<double>();
        return mark == format::u64 ? write_number<std::uint64_t>() : write_number<std::int64_t>();
    }

    bool write_text() {
        std::span<const std::byte> body;
        if (!from_.take_text(body)) return false;
        out_.text({reinterpret_cast<const char*>(body.data()), body.size()});
        return true;
    }

    bool write_bytes() {
        std::span<const std::byte> body;
        if (!from_.take_bytes(body)) return false;
        out_.text(to_base64(body));
        return true;
    }

    bool write_ext() {
        const std::size_t head = 1 + detail::tail_of(next_mark()).size_bytes;
        const auto before = from_.rest();
        if (!from_.skip()) return false;
        const auto value = before.first(before.size() - from_.left()).subspan(head);
        out_.open('{');
        out_.name("ext");
        out_.number(int{load_once<std::int8_t>(value.data())});
        out_.next(false, false);
        out_.name("data");
        out_.text(to_base64(value.subspan(1)));
        out_.close('}', false);
        return true;
    }

    template <class Number>
    bool write_number() {
        Number value{};
        if (!from_.take_number(value)) return false;
        out_.number(value);
        return true;
    }

    detail::json_output out_;
    cursor from_;
    std::vector<container> open_;
    bool good_ = true;
};

}  // namespace

void append_untyped_json(std::string& out, std::span<const std::byte> value, json_style style) {
    untyped_writer writer{out, value, style};
    if (writer.run()) return;
    throw error{errc::incompatible_type, "print a value as JSON", {}, writer.complaint()};
}

}  // namespace signet::wire
