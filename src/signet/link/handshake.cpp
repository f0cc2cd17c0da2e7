// SPDX-License-Identifier: Apache-2.0
// The part of the control plane that reads frames. Whatever a peer gets wrong ends its link, with a
// refusal that says why, and never reaches further.
#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/process.hpp>

#include <algorithm>
#include <array>

namespace signet::link {
namespace {

// One peer's frames handled in one go, so that a flood by one does not starve the others.
constexpr int frames_per_turn = 64;

constexpr std::size_t reason_bytes_max = 2000;

/// Descriptors that were sent and are not there, though fewer came than may, found no place in this
/// process: that is not the peer's fault.
void require_whole(const os::receive_result& got) {
    const bool too_many =
        got.descriptors_lost && got.descriptors.size() >= peer::frame_descriptors_max;
    if (!got.truncated && !too_many) return;
    throw error{errc::peer_misbehaved,
                "read a frame",
                {},
                got.truncated ? "it is longer than frames are" : "it has too many descriptors"};
}

}  // namespace

void control_plane::greet(peer& to) {
    send(to, wire::frame_writer{kind::hello}
                 .put(key::version, protocol_version)
                 .put(key::context, id_)
                 .put(key::pid, static_cast<std::uint64_t>(os::current_pid()))
                 .put(key::command, os::command_name(os::current_pid()))
                 .take());
}

void control_plane::read_frames(std::uint64_t tag) {
    std::array<std::byte, wire::frame_bytes_max> buffer;
    for (int i = 0; i < frames_per_turn; ++i) {
        peer* const known = roster_->by_tag(tag);
        if (known == nullptr) return;
        peer& from = *known;
        try {
            os::receive_result got = from.receive(buffer);
            if (got.status == os::receive_status::closed) return drop(tag, from.describe_end());
            if (got.status == os::receive_status::empty) return drop_if_ended(tag);
            require_whole(got);
            const wire::frame_reader frame{std::span{buffer}.first(got.bytes)};
            if (got.descriptors_lost) {
                process_without_descriptors(from, frame);
            } else {
                process(from, frame, std::move(got.descriptors));
            }
        } catch (const error& e) {
            return refuse_and_drop(from, e.code(), e.what());
        }
    }
}

void control_plane::drop_if_ended(std::uint64_t tag) {
    peer& who = *roster_->by_tag(tag);
    if (who.process_ended()) drop(tag, who.describe_end());
}

void control_plane::process(peer& from, const wire::frame_reader& frame,
                            std::vector<os::descriptor> descriptors) {
    const std::string_view what = frame.kind();
    if (what == kind::hello) return process_hello(from, frame);
    if (what == kind::refuse && !frame.has(key::to)) return process_refusal(from, frame);
    if (what == kind::goodbye) {
        from.said_goodbye = true;
        return;
    }
    if (!from.introduced) {
        throw error{errc::peer_misbehaved, "talk to a process", {}, "it did not say hello first"};
    }
    if (what == kind::announce) return process_announcement(from, frame);
    if (what == kind::inspect) return answer(from, frame);
    // A publisher admits whom it can answer at once: what it publishes from then on reaches him,
    // also if it ends before it is read.
    if (what == kind::join && park(from, frame, descriptors)) return;
    if (what == kind::leave && from.forget_parked(frame)) return;
    route(from, frame, std::move(descriptors));
}

void control_plane::process_hello(peer& from, const wire::frame_reader& frame) {
    const std::uint64_t version = frame.u64(key::version);
    if (version != protocol_version) {
        throw error{errc::incompatible_version,
                    "talk to a process",
                    {},
                    "it speaks version " + std::to_string(version) + ", this one speaks version " +
                        std::to_string(protocol_version) + "; build both with the same Signet"};
    }
    if (from.introduced) return;
    const bool accepted_here = from.identity.context == 0;
    roster_->identify(from, frame.u64(key::context));
    if (from.identity.pid == 0)
        from.identity.pid = static_cast<int>(frame.u64(key::pid) & 0x3fff'ffff);
    from.identity.command = frame.text(key::command);
    roster_->introduced(from);
    from.unanswered.clear();
    if (accepted_here) greet(from);
}

void control_plane::process_refusal(peer& from, const wire::frame_reader& frame) {
    const refusal why{frame.u64(key::code),
                      std::string{frame.text(key::reason).substr(0, reason_bytes_max)}};
    from.unanswered.clear();
    for (const auto& [id, endpoint] : roster_->participants()) endpoint->declined(from, why);
}

void control_plane::process_announcement(peer& from, const wire::frame_reader& frame) {
    const std::string topic = parse_address(frame.text(key::topic)).name;  // no pattern, no garbage
    const std::uint64_t endpoint = frame.u64(key::from);
    for (participant* local : roster_->subscribers_of(topic))
        tell_found(*local, from, topic, endpoint);
}

void control_plane::answer(peer& onlooker, const wire::frame_reader& question) {
    const std::uint64_t first_page = question.u64_or(key::pages, 0);
    if (first_page == 0) return report_to(onlooker);
    show_pages_to(onlooker, first_page - 1);
}

void control_plane::show_pages_to(peer& onlooker, std::uint64_t first) {
    std::vector<shown_page> all;
    for (const auto& [id, endpoint] : roster_->participants()) {
        for (shown_page& page : endpoint->pages()) all.push_back(std::move(page));
    }
    if (first >= all.size()) {
        return send(onlooker, wire::frame_writer{kind::page}.put(key::left, 0u).take());
    }
    const std::uint64_t end = std::min<std::uint64_t>(all.size(), first + pages_at_once);
    for (std::uint64_t i = first; i < end; ++i) {
        send(onlooker, all[i].facts.put(key::left, all.size() - i - 1).take(),
             std::array{all[i].file->get()});
    }
}

void control_plane::report_to(peer& onlooker) {
    std::size_t left = roster_->participants().size();
    if (left == 0) send(onlooker, wire::frame_writer{kind::report}.put(key::left, left).take());
    for (const auto& [id, endpoint] : roster_->participants()) {
        const bool publishes = endpoint->self().side == role::publisher;
        wire::frame_writer frame{kind::report};
        frame.put(key::left, --left)
            .put(key::from, id)
            .put(key::topic, endpoint->topic())
            .put(key::side, std::string_view{publishes ? "publisher" : "subscriber"});
        endpoint->describe(frame);
        send(onlooker, frame.take());
    }
}

void control_plane::route(peer& from, const wire::frame_reader& frame,
                          std::vector<os::descriptor> descriptors) {
    participant* const found = roster_->find(frame.u64(key::to));
    if (found == nullptr) {
        if (frame.kind() != kind::join) return;  // it is gone; its leave is under way
        return send(from, wire::frame_writer{kind::leave}
                              .put(key::to, frame.u64(key::from))
                              .put(key::from, frame.u64(key::to))
                              .take());
    }
    deliver(*found, from, frame, std::move(descriptors));
}

void control_plane::send_last(peer& who, std::span<const std::byte> frame) noexcept try {
    who.send(frame);
} catch (const error&) {
    // It is dropped in any case; then it is not told why.
}

void control_plane::refuse_and_drop(peer& who, const std::error_code& code,
                                    const std::string& reason) {
    const bool ours = code.category() == signet_category();
    const auto number = static_cast<std::uint64_t>(ours ? code.value() : int(errc::refused));
    send_last(who, wire::frame_writer{kind::refuse}
                       .put(key::code, number)
                       .put(key::reason, std::string_view{reason}.substr(0, reason_bytes_max))
                       .take());
    if (code == errc::incompatible_version) {
        for (const auto& [id, endpoint] : roster_->participants())
            endpoint->declined(who, {number, reason});
    }
    who.unanswered.clear();  // it would be declined again
    drop(who.tag, {false, reason});
}

}  // namespace signet::link
