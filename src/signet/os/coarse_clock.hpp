// SPDX-License-Identifier: Apache-2.0
// The time as of the last tick of the kernel: some milliseconds old at most, and several times
// cheaper than a look at the real clock. For what people look at, such as since when something is
// held. Any thread; never fails.
#pragma once

#include <signet/base/time.hpp>

namespace signet::os {

/// On the same scale as clock::now(), and never ahead of it.
clock::time_point coarse_now() noexcept;

}  // namespace signet::os
