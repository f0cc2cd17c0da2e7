// SPDX-License-Identifier: Apache-2.0
// The checksum CRC-32C (Castagnoli), as iSCSI, ext4 and many log files use it. It finds accidents,
// not forgeries. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace signet {

/// The checksum of `bytes`, or of what `before` is the checksum of with `bytes` behind it.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0) noexcept;

}  // namespace signet
