// SPDX-License-Identifier: Apache-2.0
// Puts a message of MessagePack together whose parts are known at run time only, as when it is read
// from JSON. A plain value; one thread at a time.
#pragma once

#include <signet/wire/descriptor.hpp>
#include <signet/wire/format.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace signet::wire::detail {

using byte_vector = std::vector<std::byte>;

byte_vector text_bytes(std::string_view text);

/// Writes to the end of `bytes`, or in front of what came since.
struct message_builder {
    template <class Number>
    void number(Number value) {
        std::array<std::byte, 9> room;
        const std::byte* end = format::put_number(room.data(), value);
        bytes.insert(bytes.end(), static_cast<const std::byte*>(room.data()), end);
    }

    void mark(unsigned value) { bytes.push_back(static_cast<std::byte>(value)); }
    void text(std::string_view value);
    void binary(const byte_vector& value);
    void append(const byte_vector& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

    /// A head that `put` writes, at `position`.
    void head(std::byte* (*put)(std::byte*, std::size_t), std::size_t count, std::size_t position);

    byte_vector bytes;
};

/// Throws `error` (too_large) where the message has no room for `more` bytes: hostile types could
/// make it any size.
void check_limit(const type_descriptor& of, const message_builder& built, std::uint64_t more = 0);

/// What stands before the elements of `type`, a list or an array, that begin at `begin`.
void put_elements_head(message_builder& into, const type_descriptor& of, const type_info& type,
                       std::size_t count, std::size_t begin);

/// The value of a field that is left out: zero, empty, nothing, or the first alternative.
void put_default(message_builder& into, const type_descriptor& of, std::uint32_t type);

}  // namespace signet::wire::detail
