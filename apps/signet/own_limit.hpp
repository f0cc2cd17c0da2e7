// SPDX-License-Identifier: Apache-2.0
// How many descriptors the command may have open. It raises its own limit as far as it may, which
// the library never does; what it was started with is for the doctor. For the main thread.
#pragma once

#include <cstdint>

namespace signet::command {

/// Once, at the start. Where that is not permitted the limit stays as it is.
void raise_own_limit();

/// The limit in force that the command was started with.
std::uint64_t inherited_limit();

}  // namespace signet::command
