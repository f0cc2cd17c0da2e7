// SPDX-License-Identifier: Apache-2.0
// The control plane of a context: it puts names down, finds others, shakes hands, and notices when
// somebody is gone. Messages never pass through it. It is driven by one background thread, asleep
// unless somebody joins or leaves, or by hand through fd() and poll().
//
// Thread safety: all public members from any thread. Participants are called with the lock held, in
// the driving thread or in the thread that adds them; they must not call add() or remove() from
// there.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/lifelines.hpp>
#include <signet/link/participant.hpp>
#include <signet/link/peer.hpp>
#include <signet/link/protocol.hpp>
#include <signet/link/rendezvous.hpp>
#include <signet/link/roster.hpp>
#include <signet/link/shortage.hpp>
#include <signet/link/turns.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/futex.hpp>
#include <signet/wire/frame.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace signet::link {

/// Who drives a control plane.
enum class drive {
    thread,  ///< a background thread with all signals blocked
    manual,  ///< the user's loop: fd() and poll()
};

struct plane_options {
    std::string directory;  ///< empty: life::default_rendezvous_path()
    drive driven_by = drive::thread;
    std::chrono::milliseconds handshake_limit{2000};
};

class control_plane {
public:
    /// The one that endpoints use where they are given none; made at first use, driven by a thread.
    static std::shared_ptr<control_plane> shared();

    /// Opens the directory and listens. Throws `error`.
    explicit control_plane(plane_options options);
    ~control_plane();

    control_plane(const control_plane&) = delete;
    control_plane& operator=(const control_plane&) = delete;

    /// Puts the endpoint's name down, then finds and greets its counterparts. May block, at most
    /// for the handshake limit, where a peer does not accept connections. Throws `error`.
    void add(participant& endpoint);

    /// Has the endpoint say farewell and takes its name back. No call into it is under way or
    /// follows when this returns.
    void remove(participant& endpoint) noexcept;

    /// Tells `told` when the other end of `socket`, a connected one, is gone. Returns what ends
    /// that. Throws `error`.
    std::uint64_t watch_lifeline(int socket, lifeline& told);

    /// No call into it is under way or follows when this returns. The socket is still open.
    void forget_lifeline(std::uint64_t which) noexcept;

    /// Held while participants are called. To send from another thread, take it.
    std::unique_lock<std::mutex> lock() { return std::unique_lock{mutex_}; }

    /// Sends a frame to a peer. The lock is held. A peer that cannot be reached is reported as gone
    /// by the driving thread, not here.
    void send(peer& to, std::span<const std::byte> frame, std::span<const int> descriptors = {});

    /// Readable when poll() has something to do. For manual drive.
    int fd() const noexcept { return epoll_.fd(); }

    /// Does what is due, waiting for it until the deadline at most, or until `also` is readable.
    /// For manual drive: where a thread drives, it throws contract_violation. Any number of threads
    /// at once: one does what is due, the others return when it has. Returns at once where
    /// `noticed` has changed already: what its owner waits for was done by another.
    void poll(deadline until, int also = -1, const os::futex_waiter* noticed = nullptr);

    /// Ends the poll() that waits, or the next one.
    void wake() { wake_.signal(); }

    bool manual() const noexcept { return options_.driven_by == drive::manual; }

    /// Ends the waits of all endpoints, now and later.
    void stop();
    bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }  // SYNC stop

    /// Throws `error` (forked) in a child process the plane was not made in.
    void check_process() const;
    std::uint64_t generation() const noexcept { return generation_; }

    std::uint64_t id() const noexcept { return id_; }
    const rendezvous& directory() const noexcept { return directory_; }

private:
    void run();
    void wait_and_handle(deadline until);
    void wait_and_handle(deadline until, int also);
    void handle(const os::ready& event);
    bool send_what_waits(peer& to);
    void accept_some();
    bool accept_one();
    void turn_one_away(const std::string& reason);
    void accept_again();
    void decline_newcomer(os::seqpacket_socket socket, const std::string& reason);
    peer& adopt(os::seqpacket_socket socket, deadline hello_by);
    void greet(peer& to);
    void meet_counterparts(participant& endpoint);
    bool meet(participant& endpoint, const named_listing& whom);
    bool approach(participant& endpoint, os::seqpacket_socket socket, const named_listing& whom);
    void stay_unmet(std::vector<peer::introduction>& unanswered);
    void approach_again();
    void approach_again(participant& mine, const peer::introduction& unmet);
    void introduce(participant& endpoint, peer& to, const named_listing& whom);
    void read_frames(std::uint64_t tag);
    void process(peer& from, const wire::frame_reader& frame,
                 std::vector<os::descriptor> descriptors);
    void process_hello(peer& from, const wire::frame_reader& frame);
    void process_refusal(peer& from, const wire::frame_reader& frame);
    void process_announcement(peer& from, const wire::frame_reader& frame);
    void answer(peer& onlooker, const wire::frame_reader& question);
    void report_to(peer& onlooker);
    void show_pages_to(peer& onlooker, std::uint64_t first);
    void tell_found(participant& subscriber, peer& from, const std::string& topic,
                    std::uint64_t publisher);
    void process_without_descriptors(peer& from, const wire::frame_reader& frame);
    void deliver(participant& to, peer& from, const wire::frame_reader& frame,
                 std::vector<os::descriptor> descriptors);
    bool descriptors_are_left() const;
    void try_postponed();
    void meet_again(participant& mine, peer& other, postponed_meeting& meeting);
    void send_waiting(peer& to);
    void watch(peer& who);
    bool park(peer& from, const wire::frame_reader& frame,
              std::vector<os::descriptor>& descriptors);
    void route(peer& from, const wire::frame_reader& frame,
               std::vector<os::descriptor> descriptors);
    void drop(std::uint64_t tag, const departure& how);
    static void send_last(peer& who, std::span<const std::byte> frame) noexcept;
    void bury(std::unique_ptr<peer> who);
    void refuse_and_drop(peer& who, const std::error_code& code, const std::string& reason);
    void drop_if_ended(std::uint64_t tag);
    void drop_silent_newcomers();
    void check_participants();
    deadline next_deadline() const;

    plane_options options_;
    rendezvous directory_;
    std::uint64_t id_;
    std::uint64_t generation_;
    os::seqpacket_listener listener_;
    os::epoll epoll_;
    os::event wake_;
    os::descriptor reserve_;  // given up for a moment to turn away a newcomer when files run out

    mutable std::mutex mutex_;
    std::unique_ptr<roster> roster_ = std::make_unique<roster>();
    lifelines lifelines_;
    std::uint64_t next_tag_;
    deadline accepting_again_ = never;  ///< when newcomers are looked at again
    shortage shortage_;
    std::vector<peer::introduction> unmet_;  ///< whose link ended before it was answered
    deadline approaching_again_ = never;
    std::atomic<bool> stopped_{false};
    std::optional<turns> turns_;  ///< of the threads that drive it by hand
    bool ending_ = false;
    std::thread thread_;
};

/// A new endpoint's or context's id: random, never reused.
std::uint64_t make_id();

}  // namespace signet::link
