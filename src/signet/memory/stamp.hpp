// SPDX-License-Identifier: Apache-2.0
// Who owns a word: the seat of a process in a region and the seat's generation, in one number. A
// word that can be owned is taken and given up by one compare-and-swap, so it never has half an
// owner, and a stamp of somebody dead never comes to mean somebody else. Plain values; any thread.
#pragma once

#include <cstdint>

namespace signet::memory {

///     | waiters: 1 | inherited: 1 | generation: 21 | seat + 1: 9 |
///
/// The lower 30 bits are the stamp, 0 for nobody. The two bits above it belong to the word it
/// stands in.
class stamp {
public:
    static constexpr unsigned seat_bits = 9;
    static constexpr unsigned generation_bits = 21;
    static constexpr std::uint32_t generation_max = (1u << generation_bits) - 1;
    static constexpr std::uint32_t mask = (1u << (seat_bits + generation_bits)) - 1;

    /// Nobody.
    constexpr stamp() noexcept = default;

    constexpr stamp(std::uint32_t seat, std::uint32_t generation) noexcept
        : bits_{generation << seat_bits | (seat + 1)} {}

    /// What stands in a word, whatever stands there.
    static constexpr stamp of(std::uint32_t word) noexcept {
        stamp found;
        found.bits_ = word & mask;
        return found;
    }

    constexpr bool nobody() const noexcept { return bits_ == 0; }

    /// Which seat; as somebody else may have written it, it may be one that no region has. Wraps to
    /// the largest number where the stamp names none.
    constexpr std::uint32_t seat() const noexcept { return (bits_ & ((1u << seat_bits) - 1)) - 1; }
    constexpr std::uint32_t generation() const noexcept { return bits_ >> seat_bits; }
    constexpr std::uint32_t bits() const noexcept { return bits_; }

    friend constexpr bool operator==(stamp, stamp) = default;

private:
    std::uint32_t bits_ = 0;
};

/// Somebody sleeps until the word changes.
inline constexpr std::uint32_t waiters_bit = 1u << 31;

/// The last owner died, and what the word guards has not been repaired since.
inline constexpr std::uint32_t inherited_bit = 1u << 30;

/// The most seats a region may have: seat numbers fit a stamp.
inline constexpr std::uint32_t seats_limit = (1u << stamp::seat_bits) - 2;

}  // namespace signet::memory
