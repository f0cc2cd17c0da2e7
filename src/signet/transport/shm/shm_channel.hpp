// SPDX-License-Identifier: Apache-2.0
// An end of a channel in shared memory: a byte ring in each direction (memory/byte_ring.hpp), bells
// to sleep on (life/bell.hpp), and a socket that after the hello carries open files only, and shows
// the peer's death. No system call is made for a message while nobody sleeps.
// docs/design/byte-ring.md.
//
// A received message is a view into the peer's memory. The peer is a process of the same user; one
// that breaks the protocol can change the bytes while they are read, and nothing else.
//
// Thread safety: that of channel.hpp. Invariants:
//   1. What this end has of the peer is there once `met_` is set, and never changes after.
//   2. `writer_`, what is of room, and sending on the socket belong to the sending thread;
//      `meeting::reader`, what is of data, and once it is met receiving there to the other one.
#pragma once

#include <signet/life/waiting.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/unix_socket.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/shm/channel_sides.hpp>
#include <signet/transport/shm/event_set.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::shm {

class shm_channel final : public channel_end, private link::lifeline {
public:
    /// For who connects: waits for the peer's hello. Throws `error` as carrier::connect.
    static std::unique_ptr<channel_end> connect(os::seqpacket_socket socket, std::string name,
                                                const channel_types& types,
                                                const channel_options& options);

    /// For who accepts: the peer's hello is read when it is needed.
    static std::unique_ptr<channel_end> accept(os::seqpacket_socket socket, std::string name,
                                               const channel_types& types,
                                               const channel_options& options);

    ~shm_channel() override;

    flow send(const outgoing& message, const patience& limit) override;
    flow receive(incoming& into, const patience& limit) override;
    flow flush(const patience& limit) override;
    void end_sending(const patience& limit) override;
    peer_identity peer() const override;
    std::optional<os::descriptor> peer_process() const override;
    const wire::type_descriptor* peer_sends() const noexcept override;
    bool ready(direction which) override;
    bool holds_read() override { return !met() || data_is_news(); }
    int fd() override { return fd_of(direction::receiving); }
    std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) override;

    // For ring_watch.
    /// Whether the peer's hello was heard.
    bool met() const noexcept { return met_.load(std::memory_order_acquire); }  // SYNC met

    /// Arms the bell of this direction for a wait on words.
    void arm(direction which, std::vector<os::futex_waiter>& words);

    /// A descriptor for a wait in this direction, and arming it: it is unreadable from then on,
    /// until there may be something. False: not before the peer's hello was heard.
    int fd_of(direction which);
    bool settle(direction which);

    /// Has the peer leave this mark on our board with its next message, or its end. After this,
    /// look once more. The event is signalled too where who looks at the board sleeps on it.
    void tell_on_board(std::uint32_t mark);
    int event_fd() const noexcept { return ours_.rung.fd(); }

private:
    /// What this end has of the peer.
    struct meeting {
        meeting(peer_side given, own_side& ours);

        peer_side peer;
        memory::byte_ring_reader reader;
        life::board_ringer board;
        life::bell_ringer data_ringer;
        life::bell_ringer room_ringer;
        life::bell_sleeper data_sleeper;
        life::bell_sleeper room_sleeper;
    };

    // Where it throws before it said hello, the socket is still the caller's.
    shm_channel(os::seqpacket_socket&& socket, std::string name, const channel_types& types,
                const channel_options& options);

    void hung_up() noexcept override;
    void wake() noexcept;
    void check_process() const;

    bool try_meet();
    bool cannot_meet();
    bool meet(const patience& limit);
    bool gone() const noexcept { return gone_.load(std::memory_order_acquire); }  // SYNC gone
    bool peer_closed() const noexcept;
    flow end_of_peer() const;

    // The sending thread's.
    void check_sendable(std::uint64_t bytes) const;
    bool has_room();
    bool room_is_news() const noexcept;
    flow await_room(const patience& limit);
    void make_memory_to_write(std::uint64_t bytes, memory::beside what);
    bool send_files(std::span<const int> files);
    void end_writing();

    // The receiving thread's.
    flow take_next(incoming& into);
    flow take_found(memory::byte_result found, incoming& into);
    void take_files(incoming& into);
    void make_memory_to_read();
    bool data_is_news() const noexcept;

    bool is_news(direction which) const noexcept {
        return which == direction::receiving ? data_is_news() : room_is_news();
    }
    life::bell_sleeper& sleeper_of(direction which) noexcept {
        return which == direction::receiving ? peer_->data_sleeper : peer_->room_sleeper;
    }
    std::optional<event_set>& set_of(direction which) noexcept {
        return which == direction::receiving ? data_set_ : room_set_;
    }

    template <class News>
    bool sleep_until_news(life::bell_sleeper& sleeper, life::spinner& spinner,
                          const patience& limit, News&& news);
    template <class News>
    bool await_news(life::bell_sleeper& sleeper, life::spinner& spinner, const patience& limit,
                    News&& news);

    [[noreturn]] void complain(errc code, const std::string& why) const;

    os::made_in_process here_;
    std::string name_;
    channel_types types_;
    channel_options options_;
    own_side ours_;
    std::unique_ptr<os::seqpacket_socket, os::delete_where_made> socket_;
    std::shared_ptr<link::control_plane> plane_;
    std::uint64_t watched_ = 0;

    std::mutex meeting_;
    std::optional<meeting> peer_;  ///< under the mutex until it is met
    std::exception_ptr failure_;   ///< why we do not talk with it; under the mutex
    std::atomic<bool> met_{false};
    std::atomic<bool> gone_{false};          ///< the socket says that the peer is no more
    std::atomic<std::uint32_t> told_at_{0};  ///< the last mark of tell_on_board()

    memory::byte_ring_writer writer_;
    life::spinner room_spinner_;
    std::optional<event_set> room_set_;
    bool ended_ = false;  ///< we said that we send no more

    life::spinner data_spinner_;
    std::optional<event_set> data_set_;  ///< what fd() is
};

}  // namespace signet::transport::shm
