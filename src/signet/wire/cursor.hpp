// SPDX-License-Identifier: Apache-2.0
// Walks over MessagePack that somebody else wrote, and may go on writing to while we read: the
// bytes may lie in the shared memory of a hostile peer. Each mark, length and number is therefore
// loaded once, into a local that the compiler cannot load a second time, and checked there; what a
// text is made of is copied once, and nothing is concluded from it. Whatever comes, all that
// happens is that a value is refused or is another one.
//
// A function that returns false has refused what stands there, and has said why; nothing is to be
// read any more then. Belongs to one thread.
#pragma once

#include <signet/wire/format.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace signet::wire::detail {

/// The word at `from`, in the order of this machine.
template <class Word>
Word load_once(const std::byte* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    asm("" : "+r"(word));  // from here on it is a register, and not what lies in memory
    return format::big_endian(word);
}

class cursor {
public:
    explicit cursor(std::span<const std::byte> bytes)
        : at_{bytes.data()}, end_{bytes.data() + bytes.size()} {}

    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    /// The size of the text that follows; of bytes; the count of a list; of the pairs of a map.
    bool take_text_head(std::size_t& size) {
        return take_head({format::fixstr, 32, format::str8, format::str16, format::str32}, size,
                         "is not text");
    }
    bool take_bytes_head(std::size_t& size) {
        return take_head({0, 0, format::bin8, format::bin16, format::bin32}, size, "is not bytes");
    }
    bool take_list_head(std::size_t& count) {
        return take_head({format::fixarray, 16, 0, format::array16, format::array32}, count,
                         "is not a list");
    }
    bool take_map_head(std::size_t& count) {
        return take_head({format::fixmap, 16, 0, format::map16, format::map32}, count,
                         "is not a map");
    }

    /// The body of a text or of bytes. Valid as long as the message; copy it once.
    bool take_body(std::size_t size, std::span<const std::byte>& body) {
        if (size > left()) [[unlikely]]
            return fail("is longer than the message");
        body = {at_, size};
        at_ += size;
        return true;
    }

    bool take_text(std::span<const std::byte>& body) {
        std::size_t size = 0;
        return take_text_head(size) && take_body(size, body);
    }

    bool take_bytes(std::span<const std::byte>& body) {
        std::size_t size = 0;
        return take_bytes_head(size) && take_body(size, body);
    }

    /// Whether nil stands here; if so, goes past it. Only a look: nothing is refused.
    bool take_nil() {
        if (left() == 0 || load_once<std::uint8_t>(at_) != format::nil) return false;
        ++at_;
        return true;
    }

    /// Whether a map stands here, or a value whose mark is `mark`. Only a look.
    bool at_map() const {
        if (left() == 0) return false;
        const unsigned found = load_once<std::uint8_t>(at_);
        return found - format::fixmap < 16 || found == format::map16 || found == format::map32;
    }
    bool at(unsigned mark) const { return left() != 0 && load_once<std::uint8_t>(at_) == mark; }

    /// What was not read yet.
    std::span<const std::byte> rest() const { return {at_, left()}; }

    /// Any format that holds the value will do for an integer; for a float and a double each of
    /// float 32, float 64 and the integers, which some libraries write for whole numbers.
    template <class Number>
    bool take_number(Number& value) {
        if (left() >= format::number_bytes<Number>) [[likely]] {
            const auto mark = load_once<std::uint8_t>(at_);
            if constexpr (!std::is_same_v<Number, bool>) {
                if (mark == format::number_mark<Number>()) [[likely]] {
                    value = load_number<Number>(at_ + 1);
                    at_ += format::number_bytes<Number>;
                    return true;
                }
            }
        }
        return take_odd_number(value);
    }

    /// `count` numbers, in room for as many.
    template <class Number>
    bool take_numbers(Number* into, std::size_t count) {
        constexpr std::size_t each = format::number_bytes<Number>;
        const std::byte* at = at_;  // not a member, which the compiler would store each time
        const std::size_t whole = left() / each < count ? left() / each : count;
        std::size_t done = 0;
        for (; done < whole; ++done, at += each) {
            if (load_once<std::uint8_t>(at) != format::number_mark<Number>()) break;
            into[done] = load_number<Number>(at + 1);
        }
        at_ = at;
        for (; done < count; ++done) {
            if (!take_number(into[done])) return false;
        }
        return true;
    }

    /// Goes past one value of any type.
    bool skip();

    /// Refuses what stands here: "is not text".
    bool fail(const char* why) {
        why_ = why;
        return false;
    }

    /// What was refused is part of the field called `name`, or of an element: "[]".
    bool inside(std::string_view name);

    /// Such as "field 'path[].x' is not a number of its type".
    std::string complaint() const;

private:
    /// The marks of one kind of value: those from `fixed` on hold a size below `limit` themselves.
    struct family {
        unsigned fixed;
        unsigned limit;
        unsigned mark8;
        unsigned mark16;
        unsigned mark32;
    };

    bool take_head(const family& of, std::size_t& size, const char* otherwise) {
        if (left() == 0) return fail(otherwise);
        const unsigned mark = load_once<std::uint8_t>(at_);
        if (mark - of.fixed < of.limit) [[likely]] {
            ++at_;
            size = mark - of.fixed;
            return true;
        }
        return take_long_head(of, mark, size) || fail(otherwise);
    }

    template <class Number>
    static Number load_number(const std::byte* from) {
        return std::bit_cast<Number>(load_once<format::unsigned_of<sizeof(Number)>>(from));
    }

    template <class Number>
    bool take_odd_number(Number& value) {
        if constexpr (std::is_floating_point_v<Number>) {
            double wide = 0;
            if (!take_wide_real(wide) || !fits<Number>(wide)) return fail("is not a number");
            value = static_cast<Number>(wide);
            return true;
        } else if constexpr (std::is_same_v<Number, bool>) {
            return take_flag(value) || fail("is not true or false");
        } else {
            return take_odd_integer(value) || fail("is not an integer of its type");
        }
    }

    /// Infinite ones and those that are no number fit anywhere; what is lost of others is
    /// precision.
    template <class Real>
    static bool fits(double value) {
        constexpr double most = std::numeric_limits<Real>::max();
        const bool is_finite = value - value == 0;
        return !is_finite || (value >= -most && value <= most);
    }

    template <class Integer>
    bool take_odd_integer(Integer& value) {
        wide_integer wide{};
        if (!take_wide(wide)) return false;
        value = static_cast<Integer>(wide.bits);
        const bool is_negative = std::is_signed_v<Integer> && value < Integer{};
        return static_cast<std::uint64_t>(value) == wide.bits && is_negative == wide.is_negative;
    }

    /// As many bits as there are; a negative one as two's complement.
    struct wide_integer {
        std::uint64_t bits;
        bool is_negative;
    };

    bool take_long_head(const family& of, unsigned mark, std::size_t& size);
    bool take_wide(wide_integer& value);
    bool take_flag(bool& value);
    bool take_wide_real(double& value);
    bool take_big_endian(std::size_t bytes, std::uint64_t& value);

    const std::byte* at_;
    const std::byte* end_;
    const char* why_ = "is not complete";
    std::string path_;
};

}  // namespace signet::wire::detail
