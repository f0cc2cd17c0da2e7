// SPDX-License-Identifier: Apache-2.0
// Everybody a control plane knows: its own endpoints, and the peers it has links with, found by
// what they are asked for without looking at all of them. Used under the plane's lock.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/participant.hpp>
#include <signet/link/peer.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::link {

class roster {
public:
    // ---- our endpoints
    void add(participant& endpoint);

    /// False: it is not here.
    bool remove(participant& endpoint);

    /// None: null.
    participant* find(std::uint64_t endpoint) const;

    /// Those that were due at some time when they were added.
    const std::vector<participant*>& by_the_clock() const { return by_the_clock_; }

    /// The subscribers of `topic`, by name and by pattern.
    std::vector<participant*> subscribers_of(std::string_view topic) const;

    const std::map<std::uint64_t, participant*>& participants() const { return participants_; }

    // ---- peers
    /// The peer has its tag, and its hello_by where it is a newcomer.
    peer& add(std::unique_ptr<peer> who);

    /// Which context it belongs to; a newcomer is none any more where it introduced itself.
    void identify(peer& who, std::uint64_t context);
    void introduced(peer& who);

    /// None: null.
    peer* by_tag(std::uint64_t tag) const;
    peer* by_context(std::uint64_t context) const;

    /// The peer is not found any more; the caller owns it. None: null.
    std::unique_ptr<peer> take(std::uint64_t tag);

    /// When the first newcomer has to have introduced itself.
    deadline first_hello_by() const;

    /// Newcomers that have not by `now`.
    std::vector<peer*> silent(deadline now) const;

    const std::map<std::uint64_t, std::unique_ptr<peer>>& peers() const { return peers_; }

    // ---- peers whose link is lost and whose process may be alive
    void keep_until_dead(std::unique_ptr<peer> who);
    std::unique_ptr<peer> take_lingering(std::uint64_t tag);

private:
    using peers_by_tag = std::map<std::uint64_t, std::unique_ptr<peer>>;

    std::map<std::uint64_t, participant*> participants_;  // by endpoint
    std::multimap<std::string, participant*, std::less<>> subscribers_;
    std::vector<participant*> pattern_subscribers_;
    std::vector<participant*> by_the_clock_;

    peers_by_tag peers_;
    peers_by_tag lingering_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> contexts_;  // and the tags of their links
    std::set<std::pair<deadline, std::uint64_t>> newcomers_;      // and their tags
};

}  // namespace signet::link
