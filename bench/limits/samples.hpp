// SPDX-License-Identifier: Apache-2.0
// Samples and what is said of them. Percentiles are by nearest rank, so each is a value that was
// measured. The functions throw std::invalid_argument where there is no sample. A sample_log has
// one writer and may lie in shared memory; read it when the writer has ended.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace limits {

struct percentiles {
    double p50;
    double p99;
    double p999;
};

percentiles percentiles_of(std::vector<double> samples);

double median(std::vector<double> samples);

/// A log of fixed size, so that writing to it neither allocates nor fails.
class sample_log {
public:
    static constexpr std::size_t capacity = 1 << 15;

    bool full() const noexcept { return count_ == capacity; }

    /// Keeps `sample`; drops it where the log is full.
    void add(double sample) noexcept {
        if (!full()) {
            samples_[count_++] = sample;
        }
    }

    std::vector<double> values() const;

private:
    std::size_t count_ = 0;
    std::array<double, capacity> samples_;
};

}  // namespace limits
