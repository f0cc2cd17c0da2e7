// SPDX-License-Identifier: Apache-2.0
// The part of the control plane that gets by where something runs out: descriptors, room in the
// socket of a peer, or the patience of one that we were too slow for. One join fails or waits then,
// and never the link; and who may not have heard of us is approached again.
#include <signet/base/error.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/limits.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace signet::link {
namespace {

// Between two approaches to a peer that ends the link without an answer.
constexpr std::chrono::milliseconds unmet_rest{100};

error too_many_files(const std::string& topic) {
    return {std::make_error_code(std::errc::too_many_files_open), "join topic", topic,
            "raise the limit of open files (ulimit -n); it is tried again when there are some"};
}

}  // namespace

// ---- descriptors --------------------------------------------------------------------------------

void control_plane::tell_found(participant& subscriber, peer& from, const std::string& topic,
                               std::uint64_t publisher) {
    try {
        subscriber.found(from, topic, publisher);
    } catch (const error& e) {
        if (!os::is_out_of_descriptors(e.code())) throw;
        subscriber.fell_short(from, publisher, e);
        shortage_.postpone({from.tag, subscriber.self().endpoint, publisher, topic});
    }
}

void control_plane::process_without_descriptors(peer& from, const wire::frame_reader& frame) {
    const std::string_view what = frame.kind();
    const bool goes_on = what == kind::extent;  // but for what lies in the memory that was lost
    const bool concerns_one = what == kind::join || what == kind::welcome || goes_on;
    participant* const mine = concerns_one ? roster_->find(frame.u64(key::to)) : nullptr;
    if (!from.introduced || !concerns_one) {
        throw error{errc::peer_misbehaved, "read a frame", {}, "its descriptors were lost"};
    }
    if (mine == nullptr) return;
    const std::uint64_t counterpart = frame.u64(key::from);
    if (goes_on) return mine->fell_short(from, counterpart, too_many_files(mine->topic()));
    const std::string topic = mine->topic_with(counterpart);
    if (topic.empty()) return;  // long over
    mine->fell_short(from, counterpart, too_many_files(topic));
    shortage_.postpone({from.tag, mine->self().endpoint, counterpart, topic});
}

void control_plane::deliver(participant& to, peer& from, const wire::frame_reader& frame,
                            std::vector<os::descriptor> descriptors) {
    try {
        to.received(from, frame, std::move(descriptors));
    } catch (const error& e) {
        if (frame.kind() != kind::join || !os::is_out_of_descriptors(e.code())) throw;
        const std::uint64_t counterpart = frame.u64(key::from);
        to.fell_short(from, counterpart, e);
        shortage_.postpone({from.tag, to.self().endpoint, counterpart, to.topic()});
    }
}

bool control_plane::descriptors_are_left() const try {
    std::vector<os::descriptor> tried;  // as many as a frame carries
    while (tried.size() < peer::frame_descriptors_max) tried.push_back(wake_.handle().duplicate());
    return true;
} catch (const error&) {
    return false;
}

void control_plane::try_postponed() {
    if (clock::now() < shortage_.again()) return;
    const bool left = descriptors_are_left();
    const std::vector<std::uint64_t> senders = shortage_.take_senders();
    std::vector<postponed_meeting> meetings = shortage_.take_meetings();
    for (const std::uint64_t tag : senders) {
        if (peer* const to = roster_->by_tag(tag)) send_what_waits(*to);
    }
    for (postponed_meeting& meeting : meetings) {
        peer* const other = roster_->by_tag(meeting.peer_tag);
        participant* const mine = roster_->find(meeting.endpoint);
        if (other == nullptr || mine == nullptr) continue;
        if (left) {
            meet_again(*mine, *other, meeting);
        } else {
            shortage_.postpone(std::move(meeting));
        }
    }
}

void control_plane::meet_again(participant& mine, peer& other, postponed_meeting& meeting) {
    try {
        introduce(mine, other,
                  {meeting.topic, {counterpart(mine.self().side), 0, meeting.counterpart}});
    } catch (const error& e) {
        if (!os::is_out_of_descriptors(e.code())) return refuse_and_drop(other, e.code(), e.what());
        shortage_.postpone(std::move(meeting));
    }
}

// ---- patience -----------------------------------------------------------------------------------

void control_plane::stay_unmet(std::vector<peer::introduction>& unanswered) {
    if (unanswered.empty()) return;
    std::move(unanswered.begin(), unanswered.end(), std::back_inserter(unmet_));
    approaching_again_ = std::min(approaching_again_, after(unmet_rest));
}

void control_plane::approach_again() {
    if (clock::now() < approaching_again_) return;
    approaching_again_ = never;
    for (const peer::introduction& unmet : std::exchange(unmet_, {})) {
        if (participant* const mine = roster_->find(unmet.endpoint)) approach_again(*mine, unmet);
    }
}

void control_plane::approach_again(participant& mine, const peer::introduction& unmet) {
    const named_listing& whom = unmet.whom;
    try {
        if (peer* const known = roster_->by_context(whom.who.context))
            return introduce(mine, *known, whom);
        // By its context, for whom we found there may have left it, and others have not. Not there:
        // it is dead. It throws where it takes nobody in just now.
        auto socket = directory_.connect(whom.who.context, deadline::min());
        if (socket) approach(mine, std::move(*socket), whom);
    } catch (const error&) {
        std::vector<peer::introduction> still{unmet};
        stay_unmet(still);
    }
}

// ---- room in sockets ----------------------------------------------------------------------------

void control_plane::send_waiting(peer& to) {
    try {
        to.flush();
    } catch (const error& e) {
        if (!os::is_out_of_descriptors(e.code())) throw;
        epoll_.modify(to.socket_fd(), os::interest::readable, to.tag);
        return shortage_.postpone_sending(to.tag);
    }
    while (auto join = to.take_parked_if_answerable()) {
        route(to, join->frame, std::move(join->descriptors));
    }
    watch(to);
}

void control_plane::watch(peer& who) {
    const bool waits = who.backlogged() || who.has_parked();
    epoll_.modify(who.socket_fd(),
                  waits ? os::interest::readable | os::interest::writable : os::interest::readable,
                  who.tag);
}

bool control_plane::park(peer& from, const wire::frame_reader& frame,
                         std::vector<os::descriptor>& descriptors) {
    if (!from.has_parked() && from.answerable()) return false;
    from.park({frame, std::move(descriptors)});
    watch(from);
    return true;
}

}  // namespace signet::link
