// SPDX-License-Identifier: Apache-2.0
#include <signet/link/lifelines.hpp>

#include <signet/base/error.hpp>

namespace signet::link {

void lifelines::add(os::epoll& set, std::uint64_t tag, int socket, lifeline& told) {
    set.add(socket, os::interest::hang_up, tag);
    all_[tag] = {socket, &told};
}

void lifelines::remove(os::epoll& set, std::uint64_t tag) noexcept {
    const auto found = all_.find(tag);
    if (found == all_.end()) return;  // it was told
    const int socket = found->second.socket;
    all_.erase(found);
    try {
        set.remove(socket);
    } catch (const error&) {
        // its owner closed it: it left the set by itself
    }
}

bool lifelines::tell(os::epoll& set, std::uint64_t tag) noexcept {
    const auto found = all_.find(tag);
    if (found == all_.end()) return false;
    lifeline& told = *found->second.told;
    remove(set, tag);
    told.hung_up();
    return true;
}

}  // namespace signet::link
