// SPDX-License-Identifier: Apache-2.0
// One control link: a connected socket to the context of another process (or of this one), its
// credentials from the kernel, and the pidfd that proves its death. Used under the lock of the
// control plane; nothing here blocks.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/rendezvous.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/process.hpp>
#include <signet/os/unix_socket.hpp>
#include <signet/wire/frame.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::link {

/// Who is at the other end.
struct peer_identity {
    int pid = 0;       ///< as this process sees it; as the peer says where it sees none
    unsigned uid = 0;  ///< from the kernel
    std::uint64_t context = 0;
    std::string command;  ///< for people
};

/// How somebody ended.
struct departure {
    bool orderly = false;  ///< it said goodbye
    std::string reason;    ///< a sentence for people
};

class peer {
public:
    /// The most descriptors a frame carries.
    static constexpr std::size_t frame_descriptors_max = 4;

    /// Takes over a connected socket. Throws `error` at the limit of open files.
    explicit peer(os::seqpacket_socket socket, deadline hello_by);

    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    /// Sends a frame, at once or when the socket has room again. The descriptors are duplicated if
    /// they must wait. Returns false where the link is already closed.
    bool send(std::span<const std::byte> frame, std::span<const int> descriptors = {});

    /// The next frame, if one is there.
    os::receive_result receive(std::span<std::byte> buffer) {
        return socket_.try_receive(buffer, frame_descriptors_max);
    }

    /// Sends what waits, as far as the socket has room.
    void flush();

    /// Frames wait for room; the plane then watches the socket for it.
    bool backlogged() const noexcept { return !outbox_.empty(); }

    /// Whether the next frame is sent at once, however large.
    bool answerable() const;

    /// A join that waits until it can be answered.
    struct parked_join {
        wire::frame_reader frame;
        std::vector<os::descriptor> descriptors;
    };
    void park(parked_join join);
    bool has_parked() const noexcept { return !parked_.empty(); }

    /// The one that waits longest, where it can be answered now.
    std::optional<parked_join> take_parked_if_answerable();

    /// Forgets the join that this `leave` takes back; false: none waits.
    bool forget_parked(const wire::frame_reader& leave);

    /// Ends the connection, so that the other side sees its end.
    void hang_up() noexcept;

    /// How the process ended, or what is known of it.
    departure describe_end();

    /// Whether the kernel says that the process is gone.
    bool process_ended();

    /// Whether endpoints may have dealings with it: it said hello, or we went to it.
    bool known() const noexcept { return introduced || hello_by == never; }

    int socket_fd() const noexcept { return socket_.fd(); }
    std::optional<int> process_fd() const noexcept;

    /// Endpoints of ours that were introduced to it before it said hello, and to whom: where the
    /// link ends before it does, it may have read nothing.
    struct introduction {
        std::uint64_t endpoint;
        named_listing whom;
    };
    std::vector<introduction> unanswered;
    void note_unanswered(introduction one);  ///< once each

    peer_identity identity;   ///< filled in by the plane when hello arrives
    bool introduced = false;  ///< hello arrived and was accepted
    bool said_goodbye = false;
    deadline hello_by;
    std::uint64_t tag = 0;  ///< what the plane's epoll calls it

private:
    struct waiting_frame {
        std::vector<std::byte> bytes;
        std::vector<os::descriptor> descriptors;
    };

    void give_up(const char* why);
    os::send_result try_send(const waiting_frame& frame);

    os::seqpacket_socket socket_;
    std::optional<os::process> process_;
    std::deque<waiting_frame> outbox_;
    std::deque<parked_join> parked_;
    std::string fault_;  ///< why we gave it up
};

}  // namespace signet::link
