// SPDX-License-Identifier: Apache-2.0
// What keeps one end of a call from reading what the other one writes, told before anything is
// sent, or after it failed. Calls are read tolerantly (docs/design/services.md, "Evolution"): any
// number that holds the value, records by position, of which optional fields at the end may be
// missing, and more may follow. Both types may come from hostile peers. Pure functions; any thread.
//
//     field 'speed' is text, and f64 is expected
//     field 'stamp' (i64) is missing, and is not optional
//     field 'x' stands where 'y' is expected
//     it is i64, and i32 does not hold all of its values
#pragma once

#include <signet/wire/descriptor.hpp>
#include <signet/wire/signature.hpp>

#include <string>
#include <vector>

namespace signet::wire {

inline constexpr std::size_t misfits_max = 64;

/// A line each, at most `misfits_max`; empty if whatever is `written` can be read as `expected`.
std::vector<std::string> misfits(const type_descriptor& written, const type_descriptor& expected);

/// The same for all that a caller built for one method gives to another one, which `served` is.
/// Each line says where: "argument 2: field 'x' is text, and f64 is expected". What has no layout
/// fits.
std::vector<std::string> argument_misfits(const method_signature& caller,
                                          const method_signature& served);

/// The same for what comes back: "result: ...".
std::vector<std::string> result_misfits(const method_signature& caller,
                                        const method_signature& served);

}  // namespace signet::wire
