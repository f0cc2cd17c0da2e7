// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/number_log.hpp>

#include <utility>

namespace signet::transport::relay {

void number_log::note(std::uint64_t at, std::uint64_t number, std::uint64_t lost,
                      std::uint64_t depth) {
    const std::lock_guard locked{mutex_};
    const std::uint64_t kept = rings_kept * depth;
    while (entries_.size() > 1 && entries_[1].at + kept <= at) entries_.pop_front();
    const bool first = entries_.empty();
    const std::uint64_t expected = std::exchange(next_, number + 1);
    if (!first && number == expected) return;
    const entry before = first ? entry{} : entries_.back();
    // What is before the first message is nobody's loss.
    const std::uint64_t gap = first ? lost : number - expected;
    entries_.push_back({at, number, before.lost + lost, before.passed + gap - lost});
}

number_log::origin number_log::look_up(std::uint64_t at) {
    const std::lock_guard locked{mutex_};
    while (entries_.size() > 1 && entries_[1].at <= at) entries_.pop_front();
    if (entries_.empty()) return {.number = at};
    const entry& of = entries_.front();
    return {of.number + (at - of.at), of.lost - std::exchange(told_lost_, of.lost),
            of.passed - std::exchange(told_passed_, of.passed)};
}

}  // namespace signet::transport::relay
