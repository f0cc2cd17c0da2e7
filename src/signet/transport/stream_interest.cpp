// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_interest.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

namespace signet::transport {

void stream_interest::enter(os::epoll& set, std::uint64_t tag) {
    const std::lock_guard locked{changing_};
    set.add(read_fd_, os::interest::readable, tag);
    watchers_.push_back({&set, tag});
    if (wants_room_) watch_room(watchers_.back(), true);
}

void stream_interest::leave(const os::epoll& set) noexcept {
    const std::lock_guard locked{changing_};
    const auto found = std::find_if(watchers_.begin(), watchers_.end(),
                                    [&](const watcher& one) { return one.set == &set; });
    if (found == watchers_.end()) return;
    forget(*found->set);
    watchers_.erase(found);
}

void stream_interest::forget(os::epoll& set) const noexcept {
    try {
        set.remove(read_fd_);
        if (wants_room_ && write_fd_ != read_fd_) set.remove(write_fd_);
    } catch (const error&) {
        // It is not in the set any more.
    }
}

void stream_interest::want_room(bool wanted) {
    const std::lock_guard locked{changing_};
    if (wants_room_ == wanted) return;
    wants_room_ = wanted;
    for (const watcher& one : watchers_) watch_room(one, wanted);
}

void stream_interest::watch_room(const watcher& in, bool wanted) const {
    if (write_fd_ == read_fd_) {
        const auto both = os::interest::readable | os::interest::writable;
        in.set->modify(read_fd_, wanted ? both : os::interest::readable, in.tag);
    } else if (wanted) {
        in.set->add(write_fd_, os::interest::writable, in.tag);
    } else {
        in.set->remove(write_fd_);
    }
}

}  // namespace signet::transport
