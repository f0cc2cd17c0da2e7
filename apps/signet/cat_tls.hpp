// SPDX-License-Identifier: Apache-2.0
// What `signet cat` has to be told before it talks over TLS. Another source stands behind this
// where the carrier is not built. One thread.
#pragma once

#include "command_line.hpp"

#include <functional>

namespace signet::command {

/// Adds the options; what comes back is to be called when they were read, before any address is
/// used.
std::function<void()> add_tls_options(command_line app);

}  // namespace signet::command
