// SPDX-License-Identifier: Apache-2.0
// What the two ends of a channel in shared memory give each other when they meet: each end its own
// segment, sealed, its own bells, an event, and the board of its process; and the hello that says
// what they are. Drawn in docs/formats.md, "Channels in shared memory". Values; one thread.
#pragma once

#include <signet/life/bell.hpp>
#include <signet/life/ready_board.hpp>
#include <signet/memory/byte_ring.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/event.hpp>
#include <signet/os/mapping.hpp>
#include <signet/os/unix_socket.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/shm/shared_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::transport::shm {

/// What one end makes: a ring that it alone writes, and bells that it alone sleeps on.
struct own_side {
    /// Throws `error`: bad_option, no memory, no descriptors left.
    own_side(const channel_options& options, const std::string& channel);

    memory::byte_ring_geometry shape;
    shared_memory segment;  ///< the file of each is closed once the peer has it
    shared_memory bells;
    os::event rung;  ///< what a peer signals where descriptors are waited for
    std::shared_ptr<life::ready_board> board;
    life::fence_mode fencing;

    memory::ring_page& page() const {
        return *reinterpret_cast<memory::ring_page*>(segment.bytes.data());
    }
    memory::bell_page& bell() const {
        return *reinterpret_cast<memory::bell_page*>(bells.bytes.data());
    }
};

/// What the other end gave us, checked.
struct peer_side {
    greeting said;
    memory::byte_ring_geometry shape;
    os::mapping segment;  ///< read-only
    os::mapping bells;
    os::descriptor rung;
    os::mapping board;
    life::fence_mode fencing;

    const memory::ring_page& page() const {
        return *reinterpret_cast<const memory::ring_page*>(segment.data());
    }
    memory::bell_page& bell() const { return *reinterpret_cast<memory::bell_page*>(bells.data()); }
    memory::ready_board& board_words() const {
        return *reinterpret_cast<memory::ready_board*>(board.data());
    }
};

/// What goes over the socket with the open files of a message, before that is published.
struct file_notice {
    std::uint64_t message;  ///< its number, from 0
};
static_assert(sizeof(file_notice) == 8);

/// Hands our side over. Whether it went out: a peer that is gone shows by its socket.
bool say_hello(os::seqpacket_socket& to, own_side& ours, std::string_view channel,
               const channel_types& types, const channel_options& options);

/// Says why we do not talk with it, as far as it can be said at once.
void say_no(os::seqpacket_socket& to, std::string_view reason) noexcept;

/// What the peer said first; none: nothing yet. Throws `error`: it declined (refused), it is gone
/// (peer_died), it speaks another version, its types do not fit, its memory is not what it must be.
std::optional<peer_side> hear_hello(os::seqpacket_socket& from, std::string_view channel,
                                    const channel_types& types);

}  // namespace signet::transport::shm
