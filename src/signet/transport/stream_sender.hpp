// SPDX-License-Identifier: Apache-2.0
// The sending half of a channel over a stream of bytes: it frames messages, and keeps what the
// stream did not take yet.
//
// Thread safety: one thread sends, flushes and ends; flush_quietly() and refuse() are for any. Each
// call is one step of its own. Invariant: what is in `unsent_` goes
// out before anything else; nothing is put behind it but the rest of one message, and the end.
#pragma once

#include <signet/transport/byte_stream.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/guest_lock.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/stream_interest.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::transport {

/// What became of sending.
enum class sent {
    done,
    timed_out,  ///< the patience ended
    gone,       ///< nobody reads any more
};

class stream_sender {
public:
    /// Both must outlive this. `greeting` is the first that goes out. Throws `error` (bad_option).
    stream_sender(byte_stream& stream, stream_interest& interest, const std::string& name,
                  const channel_options& options, std::span<const std::byte> greeting);

    /// As channel_end has them, where the peer reads.
    sent send(const outgoing& message, const patience& limit);
    sent flush(const patience& limit);
    void end(const patience& limit);

    /// For who does not send now: does nothing while another thread sends, which flushes by itself.
    void flush_quietly();

    /// Ends with the reason why we do not talk with the peer, likewise.
    void refuse(std::string_view why);

    /// From now on no longer messages are sent.
    void limit_to(std::uint64_t bytes) noexcept {
        // relaxed: a number that stands alone
        bytes_max_.store(std::min(bytes, options_.message_bytes_max), std::memory_order_relaxed);
    }

    /// A hint: at worst the rest goes out a call later.
    bool has_unsent() const noexcept {
        return any_unsent_.load(std::memory_order_relaxed);  // relaxed: a hint
    }

private:
    void check(const outgoing& message, std::uint64_t bytes) const;
    void check_plain(const outgoing& message, std::uint64_t bytes) const;
    void check_line(const outgoing& message) const;
    [[noreturn]] void complain_of_length(std::uint64_t bytes) const;

    // With `sending_` held.
    sent send_whole(const outgoing& message, std::uint64_t bytes, const patience& limit);
    std::span<const std::byte> begin_frame(const outgoing& message, std::uint64_t bytes);
    std::size_t put_header(std::size_t descriptors, std::uint64_t bytes);
    sent write_rest(const outgoing& message, const patience& limit);
    sent write(std::span<const std::byte>& bytes, std::span<const int> descriptors,
               const patience& limit);
    sent write_with_stop(std::span<const std::byte>& bytes, std::span<const int> descriptors,
                         const patience& limit, int bell);
    sent write_unsent(const patience& limit);
    void end_with(frame_kind last, std::span<const std::byte> body, const patience& limit);
    void keep(std::span<const std::byte> bytes);
    void keep_frame(frame_kind kind, std::span<const std::byte> body);
    void forget_unsent();
    void note_unsent(bool any);

    byte_stream& stream_;
    stream_interest& interest_;
    const std::string& name_;  ///< for texts
    const channel_options& options_;

    guest_lock sending_;             ///< who receives is a guest
    std::vector<std::byte> frame_;   ///< the message being sent, or its first part
    std::vector<std::byte> unsent_;  ///< what the stream did not take
    std::size_t unsent_begin_ = 0;
    bool ended_ = false;  ///< we said that we send no more
    bool shut_ = false;   ///< and the stream knows
    stop_bell stop_;

    std::atomic<bool> any_unsent_{false};
    std::atomic<std::uint64_t> bytes_max_;  ///< of a message, for both ends
};

}  // namespace signet::transport
