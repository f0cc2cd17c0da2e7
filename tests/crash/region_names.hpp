// SPDX-License-Identifier: Apache-2.0
// The words of a region by the names that docs/design/regions.md gives them, with the state that
// they are in: "mutex.word [ours, waiters]", "seat.word [active]", "redo_count [0]".
#pragma once

#include <cstddef>
#include <string>

namespace signet::tests {

/// `begin` is where this process has mapped the region.
std::string region_word_name(const std::byte* begin, std::size_t offset);

}  // namespace signet::tests
