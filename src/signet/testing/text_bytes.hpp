// SPDX-License-Identifier: Apache-2.0
// Texts as the bytes that tests send, and back. Functions without state.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace signet::testing {

/// Valid as long as what `text` shows.
inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A buffer to read into, and what was read as a text.
struct text_buffer {
    explicit text_buffer(std::size_t bytes) : text(bytes, '\0') {}

    std::span<std::byte> bytes() { return std::as_writable_bytes(std::span{text}); }
    std::string first(std::size_t count) const { return text.substr(0, count); }

    std::string text;
};

}  // namespace signet::testing
