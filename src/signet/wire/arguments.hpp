// SPDX-License-Identifier: Apache-2.0
// The arguments of a call, and its result, as MessagePack, from C++ types and back. They are read
// as docs/design/services.md says under "Evolution", since the other end may be of another version,
// or of another language. Pure functions; any thread.
#pragma once

#include <signet/wire/decode.hpp>
#include <signet/wire/encode.hpp>
#include <signet/wire/special_value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace signet::wire {

namespace detail {

template <class T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view>;

template <class T>
consteval bool packs_alone() {
    if constexpr (is_view<T>) {
        return true;
    } else if constexpr (std::is_pointer_v<T>) {
        return std::is_same_v<T, const char*>;
    } else {
        return !find_packing_defect<T>();
    }
}

}  // namespace detail

/// Whether a `T` can be an argument or a result: what travels in messages, and std::string_view.
template <class T>
concept passable = detail::packs_alone<T>();

/// Appends one value. Throws `error` (too_large) as encoded_bytes().
template <class T>
void append_value(std::vector<std::byte>& into, const T& value) {
    const std::size_t before = into.size();
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        const std::string_view text{value};
        into.resize(before + format::text_head_bytes(detail::checked_count(text.size())) +
                    text.size());
        std::byte* const to = format::put_text_head(into.data() + before, text.size());
        format::put_body(to, text.data(), text.size());
    } else {
        into.resize(before + detail::packed_bytes(value));
        detail::pack(value, into.data() + before);
    }
}

template <class... Args>
void append_values(std::vector<std::byte>& into, const Args&... values) {
    (append_value(into, values), ...);
}

/// Appends bytes that are no std::vector.
inline void append_bytes(std::vector<std::byte>& into, std::span<const std::byte> bytes) {
    const std::size_t before = into.size();
    const std::size_t head = format::bytes_head_bytes(detail::checked_count(bytes.size()));
    into.resize(before + head + bytes.size());
    std::byte* const to = format::put_bytes_head(into.data() + before, bytes.size());
    format::put_body(to, bytes.data(), bytes.size());
}

/// What stands before the elements of a list.
inline void append_list_head(std::vector<std::byte>& into, std::size_t count) {
    const std::size_t before = into.size();
    into.resize(before + format::list_head_bytes(detail::checked_count(count)));
    format::put_list_head(into.data() + before, count);
}

/// Reads the values of an argument list, or a result, in their order.
class value_reader {
public:
    /// `count` values, which `bytes` are. Both must last as long as this.
    value_reader(std::span<const std::byte> bytes, std::size_t count)
        : from_{bytes}, left_{count} {}

    /// The next one. A view points into the bytes. False: it is missing, and not optional, or is
    /// something else; complaint() says what.
    template <class T>
    bool take(T& into) {
        if (left_ == 0) return take_missing(into);
        --left_;
        if constexpr (detail::is_view<T>) {
            std::span<const std::byte> body;
            if (!from_.take_text(body)) return false;
            into = {reinterpret_cast<const char*>(body.data()), body.size()};
            return true;
        } else {
            return detail::read(from_, into, detail::tolerant_way{});
        }
    }

    /// The next one, which is no value: something of that kind.
    bool take(special wanted, std::uint32_t& number, const char* otherwise) {
        if (left_ == 0) return from_.fail("is missing");
        --left_;
        const special_value found = read_special(from_.rest());
        if (found.kind != wanted) return from_.fail(otherwise);
        number = found.number;
        return from_.skip();
    }

    /// The next one, which is bytes, where they lie.
    bool take_bytes(std::span<const std::byte>& into) {
        if (left_ == 0) return from_.fail("is missing");
        --left_;
        return from_.take_bytes(into);
    }

    /// What the next one is where it is no value.
    special next_special() const {
        return left_ == 0 ? special::none : read_special(from_.rest()).kind;
    }

    /// Refuses the last one: "is not a stream".
    bool fail(const char* why) { return from_.fail(why); }

    /// Whether all were taken.
    bool at_end() const { return left_ == 0 && from_.left() == 0; }
    std::size_t left() const noexcept { return left_; }

    /// "is not an integer of its type", about the last one taken.
    std::string complaint() const { return from_.complaint(); }

private:
    template <class T>
    bool take_missing(T& into) {
        if constexpr (detail::shape_of<T>() == detail::shape::optional) {
            into.reset();
            return true;
        }
        return from_.fail("is missing");
    }

    detail::cursor from_;
    std::size_t left_;
};

}  // namespace signet::wire
