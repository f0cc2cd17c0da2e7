// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/silence_watch.hpp>

namespace signet::transport::shm {
namespace {

// A silence is noticed at most a quarter of the period late.
constexpr int looks_per_period = 4;

std::uint64_t published_by(const os::mapping& segment) {
    const auto& header = *reinterpret_cast<const memory::segment_header*>(segment.data());
    return header.published.load(std::memory_order_relaxed);  // relaxed: only whether it changes
}

}  // namespace

silence_watch::silence_watch(std::chrono::nanoseconds period) : period_{period} {
    if (period_ == std::chrono::nanoseconds::max()) return;
    next_look_ = after(period_);
    speakers_[0] = {{}, nullptr, 0, clock::now()};
}

void silence_watch::add(std::uint64_t publisher, const link::peer_identity& who,
                        std::shared_ptr<const os::mapping> segment) {
    if (next_look_ == never) return;
    speakers_.erase(0);
    const std::uint64_t published = published_by(*segment);
    speakers_[publisher] = {who, std::move(segment), published, clock::now()};
}

void silence_watch::remove(std::uint64_t publisher) {
    if (speakers_.erase(publisher) == 0 || !speakers_.empty()) return;
    speakers_[0] = {{}, nullptr, 0, clock::now()};
}

void silence_watch::hear(speaker& one, clock::time_point now) const {
    if (!one.segment) return;
    const std::uint64_t published = published_by(*one.segment);
    if (published == one.published) return;
    one.published = published;
    one.heard = now;
    one.told = false;
}

std::vector<silence_watch::silence> silence_watch::look(clock::time_point now) {
    std::vector<silence> silent;
    for (auto& [publisher, one] : speakers_) {
        hear(one, now);
        if (one.told || now - one.heard < period_) continue;
        one.told = true;
        silent.push_back({publisher, one.who});
    }
    next_look_ = after(period_ / looks_per_period, now);
    return silent;
}

}  // namespace signet::transport::shm
