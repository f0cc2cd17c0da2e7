// SPDX-License-Identifier: Apache-2.0
#include <signet/link/shortage.hpp>

#include <algorithm>

namespace signet::link {
namespace {

// Descriptors come back when somebody closes some, which nobody tells.
constexpr std::chrono::milliseconds shortage_rest{100};

}  // namespace

void shortage::postpone(postponed_meeting meeting) {
    const auto same = [&](const postponed_meeting& known) {
        return known.peer_tag == meeting.peer_tag && known.endpoint == meeting.endpoint &&
               known.counterpart == meeting.counterpart;
    };
    if (std::none_of(meetings_.begin(), meetings_.end(), same))
        meetings_.push_back(std::move(meeting));
    wait_some();
}

void shortage::postpone_sending(std::uint64_t peer_tag) {
    senders_.push_back(peer_tag);
    wait_some();
}

void shortage::wait_some() {
    again_ = after(shortage_rest);
}

std::vector<postponed_meeting> shortage::take_meetings() {
    again_ = never;
    return std::exchange(meetings_, {});
}

std::vector<std::uint64_t> shortage::take_senders() {
    again_ = never;
    return std::exchange(senders_, {});
}

}  // namespace signet::link
