// SPDX-License-Identifier: Apache-2.0
// Random numbers from the kernel, fit for names that must not be guessed or met twice. Any thread.
#pragma once

#include <cstdint>

namespace signet::os {

/// 64 random bits. Blocks only early in boot, until the kernel has collected enough. Throws `error`
/// where the kernel has none to give.
std::uint64_t random_u64();

}  // namespace signet::os
