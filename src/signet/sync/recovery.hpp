// SPDX-License-Identifier: Apache-2.0
// What a death means for each kind of object in a region: W2 and W3 of docs/design/regions.md.
// May be called by any thread of any process, by several at once, and again.
#pragma once

#include <signet/memory/region_layout.hpp>
#include <signet/sync/region_core.hpp>

namespace signet::sync {

/// Takes back what `dead` owned of it, and wakes all that sleep on it; `seat` is the word of the
/// seat in which it sat. Never throws, and takes no lock: who is about to recover may die or be
/// stopped like anybody.
void take_back_from(const found_object& object, memory::stamp dead,
                    const memory::shared_word<std::uint32_t>& seat) noexcept;

/// How many bytes an object of that kind has at least; what has fewer is damaged.
std::uint64_t least_bytes(memory::object_kind kind) noexcept;

}  // namespace signet::sync
