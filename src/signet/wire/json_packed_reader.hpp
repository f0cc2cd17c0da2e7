// SPDX-License-Identifier: Apache-2.0
// From JSON to the payload of a type without a fixed size: MessagePack, or the bytes themselves.
// Part of json_reader.hpp, which says what it accepts.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace signet::wire::detail {

std::vector<std::byte> parse_packed_json(const type_descriptor& type, std::string_view json);

}  // namespace signet::wire::detail
