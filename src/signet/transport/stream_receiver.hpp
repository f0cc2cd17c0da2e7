// SPDX-License-Identifier: Apache-2.0
// The receiving half of a channel over a stream of bytes: it reads ahead, takes the messages apart,
// and tells an end in order from a death. While it waits it sees to what is unsent.
//
// Thread safety: one thread receives, and asks what is there; judge_gone_peer() is for another.
// Each call is one step of its own. What a call gives is valid until the next receive.
#pragma once

#include <signet/transport/byte_stream.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/guest_lock.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/stream_input.hpp>
#include <signet/transport/stream_sender.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>

namespace signet::transport {

class stream_receiver {
public:
    /// All must outlive this.
    stream_receiver(byte_stream& stream, stream_sender& sender, const std::string& name,
                    const channel_types& types, const channel_options& options);

    /// Waits until the peer has said hello. Throws `error` as carrier::connect.
    void await_greeting(deadline until);

    /// As channel_end has it.
    flow receive(incoming& into, const patience& limit);

    /// Whether there may be something to receive.
    bool ready();

    /// As channel_end has it.
    bool holds_read();

    /// For who sends, and was told that the peer reads no more: `ended` where it closed in order,
    /// else an error. Where another thread receives, that one learns which.
    flow judge_gone_peer();

    const wire::type_descriptor* peer_sends() const noexcept {
        return peer_ && peer_->sends ? &*peer_->sends : nullptr;
    }

    /// Reads what is there, and throws it away, so that closing does not take from the peer what it
    /// has not read yet.
    void drop_unread();

private:
    /// A frame that was read whole.
    struct frame {
        frame_kind kind;
        std::span<const std::byte> body;
    };

    // With `receiving_` held.
    flow take_next(incoming& into);
    flow take_frame(incoming& into);
    bool take(const frame& one, incoming& into);
    flow take_line(incoming& into);
    flow take_bytes(incoming& into);
    std::optional<frame> next_frame();
    void check(const std::optional<frame_header>& header) const {
        const bool usual = header && header->kind == frame_kind::message && peer_;
        if (!usual || header->length > options_.message_bytes_max) check_unusual(header);
    }
    void check_unusual(const std::optional<frame_header>& header) const;
    std::uint64_t most_after(frame_kind kind) const noexcept;
    void meet(std::span<const std::byte> hello);
    void take_descriptors(std::span<const std::byte>& body, incoming& into);
    flow end_of_peer() const;
    bool fill(const patience& limit);
    bool fill_with_stop(const patience& limit, int bell);
    bool await_bytes(const patience& limit);
    bool read_once(deadline until);
    os::stream_result read_with_descriptors(std::span<std::byte> room, deadline until);
    bool sees_end() const;

    [[noreturn]] void complain(errc code, const std::string& why) const;
    [[noreturn]] void complain_of_death() const;

    byte_stream& stream_;
    stream_sender& sender_;
    const std::string& name_;  ///< for texts
    const channel_types& types_;
    const channel_options& options_;
    life::spinner spinner_{options_.waiting};

    guest_lock receiving_;  ///< who sends is a guest
    stream_input input_;
    std::size_t looked_ = 0;  ///< lines: so many bytes of what is unread have no line feed
    std::deque<os::descriptor> descriptors_;
    bool descriptors_lost_ = false;
    std::optional<greeting> peer_;
    bool said_end_ = false;    ///< the peer's direction ended in order
    bool incomplete_ = false;  ///< what is unread is no whole message
    stop_bell stop_;
};

}  // namespace signet::transport
