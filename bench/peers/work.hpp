// SPDX-License-Identifier: Apache-2.0
// The work on each message, the same for every peer: the sender writes all bytes afresh, the
// receiver reads all of them, and checks their sum and their number. Free of state, but for the
// inspector, which belongs to one thread.
#pragma once

#include <bench/limits/bytes.hpp>
#include <bench/peers/part.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace peers {

/// The numbers of messages that are no messages of the measurement.
inline constexpr std::uint64_t goodbye = ~std::uint64_t{0};
inline constexpr std::uint64_t greeting = goodbye - 1;

/// How many messages may be under way, where a peer lets us choose.
constexpr std::size_t depth_of(std::size_t bytes) noexcept {
    return bytes > 4096 ? 16 : 4096;
}

template <std::size_t Bytes>
using bytes_to_write = std::span<std::byte, Bytes>;

template <std::size_t Bytes>
using bytes_to_read = std::span<const std::byte, Bytes>;

/// Small messages are spelled out: a peer may just have copied them word by word, and a loop of
/// wide loads would wait for those stores.
inline constexpr std::size_t spelled_out_bytes_max = 64;

/// Writes every byte; the first word says `number`.
template <std::size_t Bytes>
void write_all(bytes_to_write<Bytes> to, std::uint64_t number) noexcept {
    if constexpr (Bytes > spelled_out_bytes_max) {
        limits::fill_bytes(to, number);
    } else {
        for (std::size_t k = 0; k < Bytes / limits::word_bytes; ++k) {
            const std::uint64_t word = number + k;
            std::memcpy(to.data() + k * limits::word_bytes, &word, limits::word_bytes);
        }
    }
}

template <std::size_t Bytes>
std::uint64_t word_at(bytes_to_read<Bytes> from, std::size_t index) noexcept {
    std::uint64_t word;
    std::memcpy(&word, from.data() + index * limits::word_bytes, limits::word_bytes);
    return word;
}

/// The sum of all words.
template <std::size_t Bytes>
std::uint64_t read_all(bytes_to_read<Bytes> from) noexcept {
    if constexpr (Bytes > spelled_out_bytes_max) {
        return limits::sum_bytes(from);
    } else {
        return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            return (std::uint64_t{0} + ... + word_at<Bytes>(from, Index));
        }(std::make_index_sequence<Bytes / limits::word_bytes>{});
    }
}

/// Reads messages, and counts what is wrong with them.
class inspector {
public:
    /// The number of the message, which is read as a whole. Numbers are expected to begin at 0.
    template <std::size_t Bytes>
    std::uint64_t inspect(bytes_to_read<Bytes> message) noexcept {
        const std::uint64_t number = word_at<Bytes>(message, 0);
        if (read_all<Bytes>(message) != limits::sum_of_fill(Bytes, number)) ++found_.changed;
        if (number != expected_) surprise(number);
        expected_ = number + 1;
        return number;
    }

    const faults& found() const noexcept { return found_; }

private:
    void surprise(std::uint64_t number) noexcept {
        if (number >= greeting) return;
        if (number > expected_ && expected_ < greeting) found_.lost += number - expected_;
        if (number < expected_ && expected_ <= greeting) ++found_.reordered;
    }

    std::uint64_t expected_ = 0;
    faults found_;
};

}  // namespace peers
