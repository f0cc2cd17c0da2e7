// SPDX-License-Identifier: Apache-2.0
// Waiting for one descriptor, without a set. Any thread.
#pragma once

#include <signet/base/time.hpp>

namespace signet::os {

/// Waits until `fd` is readable or its other side has ended; false where the deadline passes first.
/// A deadline in the past asks without waiting. Signals do not end it. Throws `error`.
bool wait_readable(int fd, deadline until);

/// The same for room to write.
bool wait_writable(int fd, deadline until);

}  // namespace signet::os
