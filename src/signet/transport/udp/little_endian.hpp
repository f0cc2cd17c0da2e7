// SPDX-License-Identifier: Apache-2.0
// Numbers in datagrams. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace signet::transport::udp {

template <class Number>
void put_number(std::byte* to, Number number) noexcept {
    for (std::size_t i = 0; i < sizeof number; ++i) to[i] = static_cast<std::byte>(number >> 8 * i);
}

template <class Number>
Number get_number(const std::byte* from) noexcept {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i)
        number |= static_cast<Number>(std::to_integer<Number>(from[i]) << 8 * i);
    return number;
}

}  // namespace signet::transport::udp
