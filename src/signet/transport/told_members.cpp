// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/told_members.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <utility>

namespace signet::transport {

void told_members::enter(wait_key key, member& one, os::epoll& set) {
    const auto tag = static_cast<std::uint64_t>(key);
    one.endpoint ? one.endpoint->enter(set, tag) : set.add(one.fd, one.wanted, tag);
    one.in_set = true;
}

void told_members::leave(member& one, os::epoll& set) noexcept {
    one.in_set = false;
    if (one.endpoint) return one.endpoint->leave();
    try {
        set.remove(one.fd);
    } catch (const error&) {
        // The user closed it: it is not in the set any more.
    }
}

void told_members::add(wait_key key, std::unique_ptr<waitable> endpoint, os::epoll& set) {
    member one{.endpoint = std::move(endpoint)};
    enter(key, one, set);
    const auto at = members_.emplace(key, std::move(one)).first;
    ++enabled_;
    note(key, at->second);
}

void told_members::add(wait_key key, int fd, os::interest wanted, os::epoll& set) {
    member one{.endpoint = nullptr, .fd = fd, .wanted = wanted};
    enter(key, one, set);
    members_.emplace(key, std::move(one));
    ++enabled_;
}

bool told_members::contains(wait_key key) const {
    const auto found = members_.find(key);
    return found != members_.end() && !gone(found->second);
}

bool told_members::remove(wait_key key, os::epoll& set) {
    const auto found = members_.find(key);
    if (found == members_.end()) return false;
    const bool lived = !gone(found->second);
    leave(found->second, set);
    erase(found);
    return lived;
}

void told_members::erase(all_members::iterator at) {
    if (at->second.enabled) --enabled_;
    forget_note(at->second);
    members_.erase(at);
}

told_members::member* told_members::living(wait_key key) {
    const auto found = members_.find(key);
    if (found == members_.end()) return nullptr;
    if (!gone(found->second)) return &found->second;
    erase(found);
    return nullptr;
}

bool told_members::enable(wait_key key, bool wanted, os::epoll& set) {
    member* const one = living(key);
    if (one == nullptr) return false;
    if (wanted && !one->in_set) enter(key, *one, set);
    if (wanted && !one->enabled) note(key, *one);
    enabled_ += static_cast<std::size_t>(wanted) - static_cast<std::size_t>(one->enabled);
    one->enabled = wanted;
    return true;
}

void told_members::look_at(wait_key key) {
    if (member* const one = living(key)) note(key, *one);
}

void told_members::settle(wait_key key) {
    const auto found = members_.find(key);
    if (found == members_.end() || found->second.reported) return;
    forget_note(found->second);
}

void told_members::note(wait_key key, member& one) {
    if (!std::exchange(one.listed, true)) noted_.push_back(key);
    if (!std::exchange(one.noted, true)) ++noted_count_;
}

void told_members::forget_note(member& one) {
    if (std::exchange(one.noted, false)) --noted_count_;
}

bool told_members::report(wait_key key, os::epoll& set) {
    member* const one = living(key);
    if (one == nullptr) return false;
    if (!one->enabled) {
        leave(*one, set);
        return true;
    }
    one->reported = true;
    note(key, *one);
    return true;
}

void told_members::collect(std::vector<wait_key>& into) {
    if (noted_.empty()) return;
    before_.swap(noted_);
    auto next = before_.begin();
    try {
        for (; next != before_.end(); ++next) collect_one(*next, into);
    } catch (...) {
        noted_.insert(noted_.end(), next, before_.end());
        before_.clear();
        throw;
    }
    before_.clear();
}

// An endpoint that is ready is looked at again: there may be more, which the kernel knows not of.
void told_members::collect_one(wait_key key, std::vector<wait_key>& into) {
    member* const one = living(key);
    if (one == nullptr) return;
    const bool ready = one->noted && one->enabled && take_readiness(*one);
    one->listed = false;
    forget_note(*one);
    if (!ready) return;
    into.push_back(key);
    if (one->endpoint) note(key, *one);
}

bool told_members::take_readiness(member& one) {
    return std::exchange(one.reported, false) || (one.endpoint && one.endpoint->ready());
}

void told_members::leave_set() {
    for (auto& [key, one] : members_) {
        if (one.endpoint) one.endpoint->leave();
        one.in_set = false;
    }
}

void told_members::enter_set(os::epoll& set) {
    drop_gone();
    for (auto& [key, one] : members_) enter(key, one, set);
}

void told_members::drop_gone() {
    for (auto at = members_.begin(); at != members_.end();) {
        const auto one = at++;
        if (gone(one->second)) erase(one);
    }
}

std::size_t told_members::size() const {
    return static_cast<std::size_t>(std::count_if(
        members_.begin(), members_.end(), [](const auto& entry) { return !gone(entry.second); }));
}

}  // namespace signet::transport
