// SPDX-License-Identifier: Apache-2.0
#include <signet/link/peer.hpp>

#include <signet/base/error.hpp>
#include <signet/link/protocol.hpp>
#include <signet/os/poll.hpp>

#include <algorithm>
#include <utility>

namespace signet::link {
namespace {

// A peer that does not read its link for so long is not one that can be talked to.
constexpr std::size_t outbox_frames_max = 4096;

std::vector<os::descriptor> duplicates_of(std::span<const int> fds) {
    std::vector<os::descriptor> owned;
    for (const int fd : fds) {
        os::descriptor borrowed{fd};
        owned.push_back(borrowed.duplicate());
        borrowed.release();
    }
    return owned;
}

std::optional<os::process> process_of(const os::seqpacket_socket& socket) {
    auto pidfd = socket.peer_pidfd();
    if (!pidfd) return std::nullopt;
    return os::process::adopt(std::move(*pidfd));
}

}  // namespace

peer::peer(os::seqpacket_socket socket, deadline by)
    : hello_by{by}, socket_{std::move(socket)}, process_{process_of(socket_)} {
    const os::peer_credentials credentials = socket_.credentials();
    identity.pid = credentials.pid;
    identity.uid = credentials.uid;
}

bool peer::send(std::span<const std::byte> frame, std::span<const int> descriptors) {
    if (outbox_.empty()) {
        const os::send_result result = socket_.try_send(frame, descriptors);
        if (result != os::send_result::full) return result == os::send_result::sent;
    }
    if (outbox_.size() >= outbox_frames_max) {
        give_up("it does not read its control link");
        return false;
    }
    outbox_.push_back({{frame.begin(), frame.end()}, duplicates_of(descriptors)});
    return true;
}

void peer::give_up(const char* why) {
    fault_ = why;
    outbox_.clear();
    parked_.clear();
    try {
        socket_.shutdown();  // the driving thread sees the hang-up and drops it
    } catch (const error&) {
        // It is not connected any more, which is seen likewise.
    }
}

void peer::flush() {
    while (!outbox_.empty() && try_send(outbox_.front()) != os::send_result::full) {
        outbox_
            .pop_front();  // sent, or nobody is there to take it: the hang-up is reported elsewhere
    }
}

os::send_result peer::try_send(const waiting_frame& frame) {
    std::vector<int> fds;
    for (const os::descriptor& d : frame.descriptors) fds.push_back(d.get());
    return socket_.try_send(frame.bytes, fds);
}

// The kernel calls a socket writable while a quarter of its buffer is in use at most, and takes a
// whole message while any of it is free.
bool peer::answerable() const {
    return outbox_.empty() && os::wait_writable(socket_fd(), deadline::min());
}

void peer::park(parked_join join) {
    if (parked_.size() >= outbox_frames_max) return give_up("it does not read its control link");
    parked_.push_back(std::move(join));
}

std::optional<peer::parked_join> peer::take_parked_if_answerable() {
    if (parked_.empty() || !answerable()) return std::nullopt;
    std::optional<parked_join> oldest{std::move(parked_.front())};
    parked_.pop_front();
    return oldest;
}

bool peer::forget_parked(const wire::frame_reader& leave) {
    return std::erase_if(parked_, [&](const parked_join& join) {
               return join.frame.u64(key::from) == leave.u64(key::from) &&
                      join.frame.u64(key::to) == leave.u64(key::to);
           }) != 0;
}

void peer::note_unanswered(introduction one) {
    const auto same = [&](const introduction& known) {
        return known.endpoint == one.endpoint && known.whom.who.endpoint == one.whom.who.endpoint;
    };
    if (std::none_of(unanswered.begin(), unanswered.end(), same))
        unanswered.push_back(std::move(one));
}

void peer::hang_up() noexcept try { socket_.shutdown(); } catch (const error&) {
    // The other side was first.
}

bool peer::process_ended() {
    return process_ && !process_->running();
}

departure peer::describe_end() {
    if (said_goodbye) return {true, "left"};
    if (!fault_.empty()) return {false, fault_};
    if (process_) {
        if (const auto status = process_->exit_reason()) return {false, status->text()};
    }
    return {false, process_ended() ? "its process ended" : "its link closed without a goodbye"};
}

std::optional<int> peer::process_fd() const noexcept {
    return process_ ? std::optional{process_->fd()} : std::nullopt;
}

}  // namespace signet::link
