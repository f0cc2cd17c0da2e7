// SPDX-License-Identifier: Apache-2.0
// Finds the values of MessagePack in a stream that a peer writes, wherever it is cut. It looks at
// each byte once, keeps what is of a value that is not whole yet, and allocates by what came, not
// by what was announced. Belongs to one thread.
#pragma once

#include <signet/wire/split_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace signet::wire {

class rpc_splitter {
public:
    explicit rpc_splitter(std::uint64_t value_bytes_max) : most_{value_bytes_max} {}

    /// More of the stream; must last until `next` has returned none, and then need not.
    void give(std::span<const std::byte> bytes) { there_.give(bytes); }

    /// The next whole value; valid until the next call. None: the rest is kept. Throws `error`
    /// (too_large) where a value is, or says that it will be, longer than `value_bytes_max`.
    std::optional<std::span<const std::byte>> next();

    /// Whether there is anything for next() to look at.
    bool holds() const noexcept { return there_.holds(); }

    /// Whether a part of a value is there.
    bool amid() const noexcept { return there_.keeps(); }

private:
    bool scan(std::span<const std::byte> bytes);
    bool pass_short_ones(std::span<const std::byte> bytes);
    bool step(std::span<const std::byte> bytes);

    std::uint64_t most_;
    detail::split_buffer there_;

    // Of the value that is looked at:
    std::uint64_t scanned_ = 0;  ///< where the next value in it begins; maybe beyond what came
    std::uint64_t values_ = 1;   ///< so many are to come
};

}  // namespace signet::wire
