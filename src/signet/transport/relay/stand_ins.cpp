// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/stand_ins.hpp>

#include <algorithm>
#include <utility>

namespace signet::transport::relay {

void stand_ins::add(std::uint64_t local, const remote_end& who) {
    const std::lock_guard locked{mutex_};
    if (all_.size() >= remembered_max) forget_one();
    all_.push_back({.local = local, .who = who});
}

// Those that are still there are never forgotten.
void stand_ins::forget_one() {
    const auto oldest =
        std::find_if(all_.begin(), all_.end(), [](const entry& one) { return one.ended; });
    if (oldest != all_.end()) all_.erase(oldest);
}

void stand_ins::end(std::uint64_t local, topic_event::kind how, std::string reason) {
    const std::lock_guard locked{mutex_};
    for (entry& one : all_) {
        if (one.local != local || one.ended) continue;
        one.ended = true;
        one.how = how;
        one.reason = std::move(reason);
        return;
    }
}

const stand_ins::entry* stand_ins::look_up(std::uint64_t local) const {
    const auto found = std::find_if(all_.rbegin(), all_.rend(),
                                    [&](const entry& one) { return one.local == local; });
    return found == all_.rend() ? nullptr : &*found;
}

std::optional<remote_end> stand_ins::find(std::uint64_t local) const {
    const std::lock_guard locked{mutex_};
    const entry* const found = look_up(local);
    return found == nullptr ? std::nullopt : std::optional{found->who};
}

topic_event stand_ins::told(topic_event event) const {
    const std::lock_guard locked{mutex_};
    const entry* const found = look_up(event.endpoint);
    if (found == nullptr) return event;
    using kind = topic_event::kind;
    event.endpoint = found->who.endpoint;
    event.pid = found->who.pid;
    event.command = found->who.command;
    if ((event.what == kind::left || event.what == kind::died) && found->ended) {
        event.what = found->how;
        event.reason = found->reason;
    }
    return event;
}

}  // namespace signet::transport::relay
