// SPDX-License-Identifier: Apache-2.0
#include <signet/link/roster.hpp>

#include <signet/base/topic_pattern.hpp>

namespace signet::link {

void roster::add(participant& endpoint) {
    participants_.emplace(endpoint.self().endpoint, &endpoint);
    if (endpoint.due() != never) by_the_clock_.push_back(&endpoint);
    if (endpoint.self().side != role::subscriber) return;
    if (is_wild(endpoint.topic())) {
        pattern_subscribers_.push_back(&endpoint);
    } else {
        subscribers_.emplace(endpoint.topic(), &endpoint);
    }
}

bool roster::remove(participant& endpoint) {
    if (participants_.erase(endpoint.self().endpoint) == 0) return false;
    std::erase(by_the_clock_, &endpoint);
    std::erase(pattern_subscribers_, &endpoint);
    const auto [begin, end] = subscribers_.equal_range(endpoint.topic());
    for (auto it = begin; it != end; ++it) {
        if (it->second != &endpoint) continue;
        subscribers_.erase(it);
        break;
    }
    return true;
}

participant* roster::find(std::uint64_t endpoint) const {
    const auto found = participants_.find(endpoint);
    return found == participants_.end() ? nullptr : found->second;
}

std::vector<participant*> roster::subscribers_of(std::string_view topic) const {
    std::vector<participant*> found;
    const auto [begin, end] = subscribers_.equal_range(topic);
    for (auto it = begin; it != end; ++it) found.push_back(it->second);
    for (participant* one : pattern_subscribers_) {
        if (topic_pattern::matches(one->topic(), topic)) found.push_back(one);
    }
    return found;
}

peer& roster::add(std::unique_ptr<peer> who) {
    peer& added = *who;
    peers_.emplace(added.tag, std::move(who));
    if (added.hello_by != never) newcomers_.emplace(added.hello_by, added.tag);
    return added;
}

void roster::identify(peer& who, std::uint64_t context) {
    contexts_.erase({who.identity.context, who.tag});
    who.identity.context = context;
    contexts_.emplace(context, who.tag);
}

void roster::introduced(peer& who) {
    who.introduced = true;
    newcomers_.erase({who.hello_by, who.tag});
}

peer* roster::by_tag(std::uint64_t tag) const {
    const auto found = peers_.find(tag);
    return found == peers_.end() ? nullptr : found->second.get();
}

peer* roster::by_context(std::uint64_t context) const {
    const auto found = contexts_.lower_bound({context, 0});
    return found == contexts_.end() || found->first != context ? nullptr : by_tag(found->second);
}

std::unique_ptr<peer> roster::take(std::uint64_t tag) {
    auto node = peers_.extract(tag);
    if (node.empty()) return nullptr;
    contexts_.erase({node.mapped()->identity.context, tag});
    newcomers_.erase({node.mapped()->hello_by, tag});
    return std::move(node.mapped());
}

deadline roster::first_hello_by() const {
    return newcomers_.empty() ? never : newcomers_.begin()->first;
}

std::vector<peer*> roster::silent(deadline now) const {
    std::vector<peer*> found;
    for (const auto& [hello_by, tag] : newcomers_) {
        if (hello_by > now) break;
        found.push_back(by_tag(tag));
    }
    return found;
}

void roster::keep_until_dead(std::unique_ptr<peer> who) {
    const std::uint64_t tag = who->tag;
    lingering_.emplace(tag, std::move(who));
}

std::unique_ptr<peer> roster::take_lingering(std::uint64_t tag) {
    auto node = lingering_.extract(tag);
    return node.empty() ? nullptr : std::move(node.mapped());
}

}  // namespace signet::link
