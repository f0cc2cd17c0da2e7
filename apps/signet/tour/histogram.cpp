// SPDX-License-Identifier: Apache-2.0
#include <tour/histogram.hpp>

#include <algorithm>
#include <bit>

namespace tour {

// Values below 2 * steps have a bucket each; above, the top step_bits + 1 bits name the bucket.
std::size_t latency_histogram::bucket_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= step_bits + 1) return value;
    const unsigned shift = width - step_bits - 1;
    return shift * steps + (value >> shift);
}

std::uint64_t latency_histogram::upper_end(std::size_t bucket) {
    if (bucket < 2 * steps) return bucket;
    const std::size_t shift = bucket / steps - 1;
    const std::uint64_t top = bucket % steps + steps;
    return ((top + 1) << shift) - 1;
}

void latency_histogram::add(std::int64_t nanoseconds) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0));
    ++counts_[bucket_of(value)];
    ++count_;
}

std::int64_t latency_histogram::percentile(unsigned per_mille) const {
    if (count_ == 0) return 0;
    const std::uint64_t wanted = std::max<std::uint64_t>((count_ * per_mille + 999) / 1000, 1);
    std::uint64_t below = 0;
    std::size_t bucket = 0;
    while ((below += counts_[bucket]) < wanted) ++bucket;
    return static_cast<std::int64_t>(upper_end(bucket));
}

}  // namespace tour
