// SPDX-License-Identifier: Apache-2.0
// Bytes that are nearly right, or not at all: what the tests of hostile bytes are made with. The
// same for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <vector>

namespace signet::wire {

class mutator {
public:
    explicit mutator(unsigned seed) : random_{seed} {}

    std::size_t below(std::size_t limit) { return random_() % limit; }

    std::byte byte() {
        // Bytes with a meaning in MessagePack, as often as any others.
        constexpr std::uint8_t marks[] = {0x80, 0x9f, 0xc4, 0xcf, 0xd9, 0xdc, 0xdd, 0xdf, 0xff};
        const std::size_t choice = below(2 * std::size(marks));
        return std::byte{choice < std::size(marks) ? marks[choice]
                                                   : static_cast<std::uint8_t>(below(256))};
    }

    std::vector<std::byte> mutate(std::vector<std::byte> bytes) {
        for (std::size_t changes = 1 + below(4); changes != 0 && !bytes.empty(); --changes) {
            const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
            switch (below(4)) {
                case 0: bytes.erase(at); break;
                case 1: bytes.insert(at, byte()); break;
                case 2: bytes.resize(below(bytes.size())); break;
                default: *at = byte(); break;
            }
        }
        return bytes;
    }

    std::vector<std::byte> bytes(std::size_t count) {
        std::vector<std::byte> result(count);
        for (std::byte& b : result) b = std::byte{static_cast<std::uint8_t>(random_())};
        return result;
    }

private:
    std::mt19937 random_;
};

}  // namespace signet::wire
