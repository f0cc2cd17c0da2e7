// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/samples.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace limits {
namespace {

double nearest_rank(const std::vector<double>& sorted, double part) {
    const double rank = std::ceil(part * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(rank) - 1];
}

}  // namespace

percentiles percentiles_of(std::vector<double> samples) {
    if (samples.empty()) {
        throw std::invalid_argument("percentiles of no samples");
    }
    std::sort(samples.begin(), samples.end());
    return {nearest_rank(samples, 0.5), nearest_rank(samples, 0.99), nearest_rank(samples, 0.999)};
}

double median(std::vector<double> samples) {
    return percentiles_of(std::move(samples)).p50;
}

std::vector<double> sample_log::values() const {
    return {samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(count_)};
}

}  // namespace limits
