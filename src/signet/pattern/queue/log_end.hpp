// SPDX-License-Identifier: Apache-2.0
// Where a log ends, in one shared word: what is behind it counts for nobody. Written by the holder
// of `commit` alone; whoever holds it next, after a death too, goes on where the word says.
//
//     | segment: 40 | blocks: 22 | begun: 1 | poisoned: 1 |
//
// `blocks`: its end in that segment, in units of 4096. `begun`: the next segment may have its name
// already, and is nothing yet. `poisoned`: a write or sync failed; nobody appends until an opener
// that is alone has begun a new segment. Garbage leads to a segment that is not there, or to an end
// that is none: an `error` when somebody appends.
#pragma once

#include <signet/memory/access.hpp>
#include <signet/pattern/queue/log_format.hpp>

#include <cstdint>

namespace signet::pattern {

struct log_position {
    std::uint64_t segment = 0;
    std::uint64_t end = 0;
    bool begun = false;
    bool poisoned = false;

    friend bool operator==(const log_position&, const log_position&) = default;
};

class log_end {
public:
    log_position get() const noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);  // SYNC log-end
        return {.segment = word >> segment_shift,
                .end = ((word >> block_shift) & blocks_max) * log_block_bytes,
                .begun = (word & 2) != 0,
                .poisoned = (word & 1) != 0};
    }

    void set(const log_position& to) noexcept {
        word_.store(pack(to), std::memory_order_release);  // SYNC log-end
    }

    static std::uint64_t pack(const log_position& from) noexcept {
        return from.segment << segment_shift | from.end / log_block_bytes << block_shift |
               (from.begun ? 2U : 0U) | (from.poisoned ? 1U : 0U);
    }

private:
    static constexpr unsigned segment_shift = 24;
    static constexpr unsigned block_shift = 2;
    static constexpr std::uint64_t blocks_max = (std::uint64_t{1} << 22) - 1;

    memory::shared_word<std::uint64_t> word_;
};
static_assert(sizeof(log_end) == 8);
static_assert(segment_bytes_max / log_block_bytes < std::uint64_t{1} << 22);

}  // namespace signet::pattern
