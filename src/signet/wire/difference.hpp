// SPDX-License-Identifier: Apache-2.0
// Why two programs cannot understand each other, told field by field. Names of fields and their
// layout matter; names of types do not, and an enumeration is its integer. `theirs` may come from a
// hostile peer. A pure function; any thread.
//
//     size: ours 24 bytes, theirs 16 bytes
//     field 'angle.x': ours f64 at offset 8, theirs f32 at offset 8
//     fields 'a' and 'b' are swapped
//     field 'speed' is called 'velocity' in theirs
//     field 'stamp' exists only in ours
//
// What is packed has no offsets: the order of its fields is told where nothing else differs.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <string>
#include <vector>

namespace signet::wire {

inline constexpr std::size_t differences_max = 64;

/// One line each, at most `differences_max`. Empty if and only if the layouts are the same.
std::vector<std::string> layout_differences(const type_descriptor& ours,
                                            const type_descriptor& theirs);

}  // namespace signet::wire
