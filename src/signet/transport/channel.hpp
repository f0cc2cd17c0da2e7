// SPDX-License-Identifier: Apache-2.0
// The contract of a carrier of channels. A channel is a conversation of two ends: each sends
// messages, which the other receives whole, once and in order, unless the carrier says otherwise
// (carrier.hpp). What a carrier cannot do is an `error` (unsupported) at once, never a surprise
// later.
//
// How a conversation ends:
//   in order   the other end closed, or ended its direction: what it sent is received first, then
//              `ended`. Sending to an end that has closed: `ended`.
//   by death   the other process was killed, or closed without a word: what it had sent whole is
//              received first, then `error` (peer_died), each time. Sending: the same.
//   by garbage the other end wrote what no correct peer writes: `error` (peer_misbehaved).
// Where a carrier cannot tell a death from an end in order (`carrier_facts::tells_death`), both are
// `ended`. Nobody is ever killed by SIGPIPE.
//
// Back-pressure: a peer that does not receive lets the carrier's buffer fill; then `send` waits and
// what may not wait is `timed_out`. No more than that buffer and one message is kept in memory.
//
// Thread safety: one thread may send and one receive at the same time; all else is one thread's.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/unix_peer.hpp>
#include <signet/transport/topic.hpp>
#include <signet/transport/waitable.hpp>
#include <signet/wire/descriptor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::transport {

/// How messages lie in a stream of bytes, where the carrier is one.
enum class framing {
    messages,  ///< Signet's frames (docs/formats.md): both ends are Signet's
    lines,     ///< each message is a line; for peers that know nothing of Signet: socat, a shell
    bytes,     ///< no boundaries: what arrived at once is a message; for such peers too
};

/// Who may listen at an address.
enum class name_use {
    alone,   ///< one process: a second one is refused
    shared,  ///< all who say so: each who connects gets one of them, and those who live take over
};

struct channel_options {
    /// The largest message, sent or received; a longer one is an error, at either end.
    std::uint64_t message_bytes_max = std::uint64_t{16} << 20;

    /// How many bytes a direction holds that were not received yet, where the carrier's own buffer
    /// is not a choice of the kernel: rounded up, and at least one message's.
    std::uint64_t buffer_bytes = std::uint64_t{256} << 10;

    /// Descriptors taken with one message; more are closed, and the message is an error.
    std::size_t descriptors_max = 0;

    /// How long the other end may take to answer when a channel is made.
    std::chrono::nanoseconds handshake_limit = std::chrono::seconds{5};

    /// How long closing waits for what was accepted to be taken by the carrier.
    std::chrono::nanoseconds linger = std::chrono::seconds{1};

    framing frames = framing::messages;

    /// Of who listens; where the carrier cannot share a name, it is refused (unsupported).
    name_use name = name_use::alone;

    life::wait_mode waiting = life::wait_mode::adaptive;
};

/// What the two directions carry; none: bytes, and anything the other end has is right.
struct channel_types {
    const wire::type_descriptor* sends = nullptr;  ///< valid as long as the channel
    const wire::type_descriptor* receives = nullptr;
};

/// Who is at the other end, as far as the carrier knows. By the kernel's word, or by a certificate;
/// what a peer says of itself is not in it.
struct peer_identity {
    std::optional<os::peer_credentials> user{};  ///< of the same machine
    std::string address{};                       ///< of a network: "192.0.2.1:4711"
    std::string certificate{};                   ///< the subject of what it proved to have
};

/// On how many processors this thread and that peer may run, as far as is known.
unsigned cores_with(const peer_identity& peer);

/// What became of sending, receiving or flushing.
enum class flow {
    done,
    timed_out,  ///< the patience ended first: nothing was sent, or received
    ended,      ///< the other end closed in order; see above
};

/// A message to be sent: its parts in a row, and duplicates of descriptors beside them.
struct outgoing {
    std::span<const std::span<const std::byte>> parts;
    std::span<const int> descriptors{};
};

/// A message that was received.
struct incoming {
    std::span<const std::byte> bytes{};  ///< valid until the next receive of this end
    std::vector<os::descriptor> descriptors{};
};

/// What a network, or a carrier that is not reliable, has kept from who receives.
struct channel_losses {
    std::uint64_t lost = 0;     ///< messages that the peer sent, as far as is known, and never came
    std::uint64_t ignored = 0;  ///< what came and was no peer's: stale, forged, or garbage
};

enum class direction { sending, receiving };

class channel_end {
public:
    channel_end() = default;
    virtual ~channel_end() = default;
    channel_end(const channel_end&) = delete;
    channel_end& operator=(const channel_end&) = delete;

    /// Sends one message; may return before the peer has it. Where the patience ends when a part of
    /// it is on its way, the rest is kept, goes out with the next call of any kind, and it is
    /// `done`. Throws `error`: too_large, unsupported, peer_died, and what the system refuses.
    virtual flow send(const outgoing& message, const patience& limit) = 0;

    /// The next message.
    virtual flow receive(incoming& into, const patience& limit) = 0;

    /// Waits until the carrier has all that was sent.
    virtual flow flush(const patience& limit) = 0;

    /// Says that no more will be sent; the other direction goes on. Throws `error` (unsupported)
    /// where the carrier cannot.
    virtual void end_sending(const patience& limit) = 0;

    virtual peer_identity peer() const = 0;

    /// A handle of the process that connected (pidfd), by the kernel's word. None: the carrier, or
    /// the kernel (before Linux 6.5), does not know it; one found by its pid could be another one.
    virtual std::optional<os::descriptor> peer_process() const { return std::nullopt; }

    /// What the peer said it sends, where it said so.
    virtual const wire::type_descriptor* peer_sends() const noexcept { return nullptr; }

    /// Of what was to be received so far; nothing where the carrier is reliable. Belongs to the
    /// thread that receives.
    virtual channel_losses losses() const { return {}; }

    /// Whether there may be something to receive, or room to send, without waiting.
    virtual bool ready(direction which) = 0;

    /// Whether receive() may give something without asking the kernel: what was read already, of
    /// which fd() does not tell, or lies in shared memory. True where nobody can say.
    virtual bool holds_read() { return true; }

    /// Readable when there may be something to receive that was not there at the last `receive`
    /// that timed out. Do not read from it. Valid as long as this end.
    virtual int fd() = 0;

    /// For waits over many things (waitable.hpp). `self` is this end.
    virtual std::unique_ptr<waitable> watch(std::shared_ptr<channel_end> self, direction which) = 0;
};

class channel_listener {
public:
    channel_listener() = default;
    virtual ~channel_listener() = default;
    channel_listener(const channel_listener&) = delete;
    channel_listener& operator=(const channel_listener&) = delete;

    /// The next one who connects; null: the patience ended. Never waits for one who connects and
    /// then says nothing: what is wrong with that one is told by its first `receive` or `send`.
    /// Throws `error` at the limit of open files; the peer then goes on waiting.
    virtual std::unique_ptr<channel_end> accept(const patience& limit) = 0;

    /// The address to connect to, with what the system chose (a port).
    virtual std::string address() const = 0;

    /// Readable when somebody may be waiting. Valid as long as this object.
    virtual int fd() = 0;
};

}  // namespace signet::transport
