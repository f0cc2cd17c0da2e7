// SPDX-License-Identifier: Apache-2.0
// Base64 as in RFC 4648 with padding: how opaque bytes stand in JSON. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::wire {

std::string to_base64(std::span<const std::byte> bytes);

/// No value if `text` is not what `to_base64` writes.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace signet::wire
