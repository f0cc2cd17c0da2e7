// SPDX-License-Identifier: Apache-2.0
// Messages that are a number, for mechanisms that carry no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>

namespace signet::command {

inline constexpr std::size_t number_bytes = sizeof(std::uint64_t);

inline void require_number(std::size_t bytes) {
    if (bytes != number_bytes) throw std::logic_error{"a message of it is a number of 8 bytes"};
}

inline std::uint64_t number_in(std::span<const std::byte> message) {
    require_number(message.size());
    std::uint64_t number;
    std::memcpy(&number, message.data(), sizeof number);
    return number;
}

inline void put_number(std::span<std::byte> buffer, std::uint64_t number) {
    require_number(buffer.size());
    std::memcpy(buffer.data(), &number, sizeof number);
}

}  // namespace signet::command
