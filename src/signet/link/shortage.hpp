// SPDX-License-Identifier: Apache-2.0
// Introductions that failed because descriptors ran out, to be made again when there are some.
// Used under the plane's lock.
#pragma once

#include <signet/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace signet::link {

/// An endpoint of ours that has to meet somebody again.
struct postponed_meeting {
    std::uint64_t peer_tag;
    std::uint64_t endpoint;     ///< ours
    std::uint64_t counterpart;  ///< the publisher, where ours is a subscriber
    std::string topic;
};

class shortage {
public:
    void postpone(postponed_meeting meeting);

    /// A peer whose frames could not be sent.
    void postpone_sending(std::uint64_t peer_tag);

    /// When to try again; never: nothing is postponed.
    deadline again() const noexcept { return again_; }

    /// What was postponed, which is forgotten.
    std::vector<postponed_meeting> take_meetings();
    std::vector<std::uint64_t> take_senders();

private:
    void wait_some();

    deadline again_ = never;
    std::vector<postponed_meeting> meetings_;
    std::vector<std::uint64_t> senders_;
};

}  // namespace signet::link
