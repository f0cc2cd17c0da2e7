// SPDX-License-Identifier: Apache-2.0
// The payload of a type without a fixed size as JSON: MessagePack, or the bytes themselves. Part of
// json.hpp, which says how.
#pragma once

#include <signet/wire/descriptor.hpp>
#include <signet/wire/json.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace signet::wire::detail {

void append_packed_json(std::string& out, const type_descriptor& type,
                        std::span<const std::byte> payload, json_style style);

}  // namespace signet::wire::detail
