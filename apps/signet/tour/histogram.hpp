// SPDX-License-Identifier: Apache-2.0
// Counts durations so that percentiles can be told: sixteen steps for each power of two, so that an
// answer is at most 6.25 % too high. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tour {

class latency_histogram {
public:
    /// A negative duration counts as zero.
    void add(std::int64_t nanoseconds);

    std::uint64_t count() const noexcept { return count_; }

    /// The duration that `per_mille` of a thousand do not exceed; 0 where nothing was counted.
    std::int64_t percentile(unsigned per_mille) const;

private:
    static constexpr unsigned step_bits = 4;
    static constexpr std::size_t steps = std::size_t{1} << step_bits;
    static constexpr std::size_t buckets = (64 - step_bits) * steps;

    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t upper_end(std::size_t bucket);

    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
};

}  // namespace tour
