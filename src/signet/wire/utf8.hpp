// SPDX-License-Identifier: Apache-2.0
// What of a peer's text may be shown to people. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signet::wire {

/// The length in bytes of the valid UTF-8 sequence that `text` begins with; 0 if it begins with
/// none.
std::size_t utf8_sequence_bytes(std::string_view text) noexcept;

/// Whether `text` is valid UTF-8 without control characters other than newline and tab, so that it
/// cannot garble a terminal or forge a line of a log.
bool is_printable(std::string_view text) noexcept;

/// `text` with U+FFFD for each byte that is not printable.
std::string printable(std::string_view text);

}  // namespace signet::wire
