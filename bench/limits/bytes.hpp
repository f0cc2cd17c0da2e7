// SPDX-License-Identifier: Apache-2.0
// The work that is done on each payload, here and in every bench that is compared with these
// limits: write each byte afresh, read each byte. Both are plain loops over words, which compilers
// turn into the widest loads and stores the target has. Any address and size will do. Free of
// state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace limits {

inline constexpr std::size_t word_bytes = sizeof(std::uint64_t);

/// Writes every byte: word k becomes `seed` + k, and an incomplete last word its first bytes.
inline void fill_bytes(std::span<std::byte> bytes, std::uint64_t seed) noexcept {
    const std::size_t words = bytes.size() / word_bytes;
    for (std::size_t k = 0; k < words; ++k) {
        const std::uint64_t word = seed + k;
        std::memcpy(bytes.data() + k * word_bytes, &word, word_bytes);
    }
    const std::uint64_t last = seed + words;
    if (const std::size_t rest = bytes.size() % word_bytes; rest != 0) {
        std::memcpy(bytes.data() + words * word_bytes, &last, rest);
    }
}

/// Reads every byte: the sum of all words modulo 2^64, an incomplete last word filled up with
/// zeros.
inline std::uint64_t sum_bytes(std::span<const std::byte> bytes) noexcept {
    const std::size_t words = bytes.size() / word_bytes;
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < words; ++k) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + k * word_bytes, word_bytes);
        sum += word;
    }
    std::uint64_t last = 0;
    if (const std::size_t rest = bytes.size() % word_bytes; rest != 0) {
        std::memcpy(&last, bytes.data() + words * word_bytes, rest);
    }
    return sum + last;
}

/// What sum_bytes finds in `size` bytes filled with `seed`, found by arithmetic. `size` is a
/// multiple of word_bytes.
constexpr std::uint64_t sum_of_fill(std::size_t size, std::uint64_t seed) noexcept {
    const std::uint64_t words = size / word_bytes;
    return words * seed + words * (words - 1) / 2;
}

}  // namespace limits
