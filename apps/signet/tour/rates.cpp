// SPDX-License-Identifier: Apache-2.0
#include <tour/rates.hpp>

namespace tour {
namespace {

constexpr std::int64_t window_ns = 1'000'000'000;

}  // namespace

void rate_meter::note(const role_stats& stats) {
    if (stats.pid != latest_.pid) marks_.clear();
    latest_ = stats;
    marks_.push_back({stats.sent_ns, stats.messages, stats.bytes});
    while (marks_.back().when_ns - marks_.front().when_ns > window_ns) marks_.pop_front();
}

double rate_meter::per_second(std::uint64_t first, std::uint64_t last) const {
    const std::int64_t time = marks_.back().when_ns - marks_.front().when_ns;
    return time <= 0 ? 0 : static_cast<double>(last - first) * 1e9 / static_cast<double>(time);
}

double rate_meter::messages_per_s() const {
    return marks_.empty() ? 0 : per_second(marks_.front().messages, marks_.back().messages);
}

double rate_meter::bytes_per_s() const {
    return marks_.empty() ? 0 : per_second(marks_.front().bytes, marks_.back().bytes);
}

}  // namespace tour
