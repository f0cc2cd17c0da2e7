// SPDX-License-Identifier: Apache-2.0
// What a carrier that moves whole messages through a queue of the kernel has to offer so that
// `medium_channel` makes a channel of it. What lies in such a queue is a letter: its kind, and some
// bytes. One thread may put letters and one take them at the same time.
#pragma once

#include <signet/os/process.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/patient_wait.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace signet::transport {

/// In the order of their urgency, lowest first: a medium may hand a more urgent one over before
/// another that was put earlier, and no end correct so takes harm.
enum class letter_kind : std::uint32_t {
    wake = 0,        ///< look around: says nothing by itself
    end = 1,         ///< the last in its direction; empty
    refusal = 2,     ///< why we do not talk with you: text; the last in its direction
    message = 3,     ///< one message
    hello = 4,       ///< the last piece of the first word in each direction
    hello_part = 5,  ///< a piece before that
};
inline constexpr std::uint32_t letter_kinds = 6;

struct letter {
    std::uint32_t kind = 0;  ///< as the peer wrote it
    std::size_t bytes = 0;   ///< that were put into the buffer
};

class message_medium {
public:
    message_medium() = default;
    virtual ~message_medium() = default;
    message_medium(const message_medium&) = delete;
    message_medium& operator=(const message_medium&) = delete;

    /// The largest letter to be put, and to be taken: what a buffer must have room for.
    virtual std::size_t put_bytes_max() const = 0;
    virtual std::size_t take_bytes_max() const = 0;

    /// So many letters of the peer's are there at most.
    virtual std::size_t letters_max() const = 0;

    /// Puts one; false where there is no room.
    virtual bool try_put(letter_kind kind, std::span<const std::byte> bytes) = 0;

    /// Puts one, and waits for room as long as it takes, or until `peer_died` was called. False:
    /// the peer takes no more.
    virtual bool put(letter_kind kind, std::span<const std::byte> bytes) = 0;

    /// Takes one; none where there is none.
    virtual std::optional<letter> try_take(std::span<std::byte> buffer) = 0;

    /// Takes one, and waits for it as long as it takes.
    virtual letter take(std::span<std::byte> buffer) = 0;

    /// Puts a `wake` where our own end takes letters, if there is room. Any thread.
    virtual void wake() noexcept = 0;

    /// The peer's process has ended: ends a `put` that waits. Any thread.
    virtual void peer_died() noexcept = 0;

    /// Waits until there may be a letter, or room for one, or `peer` has ended; false where the
    /// patience ended first.
    virtual bool wait_for_letter(const patience& limit, stop_bell& bell) = 0;
    virtual bool wait_for_room(const os::process* peer, const patience& limit, stop_bell& bell) = 0;

    /// Whether the peer still takes letters. What it put before it stopped is there.
    virtual bool peer_takes() = 0;

    /// Says that we take no more, and takes what is there away, so that a peer that waits for room
    /// looks around.
    virtual void stop_taking() noexcept = 0;

    virtual peer_identity peer() const = 0;

    /// Readable while there is a letter; writable while there is room for one.
    virtual int take_fd() = 0;
    virtual int put_fd() = 0;
};

}  // namespace signet::transport
