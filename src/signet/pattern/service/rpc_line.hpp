// SPDX-License-Identifier: Apache-2.0
// One conversation of frames, on any channel that goes both ways: it finds the frames in what
// arrives, and sends them whole. What it throws means that the conversation is over.
//
// Thread safety: one thread at a time receives; any thread sends.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/wire/rpc_splitter.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace signet::pattern {

/// How frames lie in what the channel carries.
enum class rpc_framing {
    stream,    ///< in a row, cut anywhere (framing::bytes)
    messages,  ///< a message is one or more whole frames
};

/// What became of a frame that was posted.
enum class posted {
    sent,
    kept,  ///< until there is room
    lost,  ///< nobody will read it any more
};

using frame_bytes = std::span<const std::byte>;

class rpc_line {
public:
    rpc_line(std::unique_ptr<transport::channel_end> end, rpc_framing frames,
             std::uint64_t frame_bytes_max)
        : end_{std::move(end)},
          frames_{frames},
          frame_bytes_max_{frame_bytes_max},
          splitter_{frame_bytes_max} {}

    /// The next frame in `into`, valid until the next call. As channel_end::receive; also throws
    /// `error`: too_large, peer_misbehaved.
    transport::flow receive(frame_bytes& into, const transport::patience& limit);

    /// The same of what was read already.
    bool take_read(frame_bytes& into);

    /// Sends one frame, the parts in a row, if the carrier takes it now. As channel_end::send; of
    /// one that was not taken whole the rest goes out with flush(), receive() and waiting.
    transport::flow try_send(std::span<const frame_bytes> parts);

    /// Sends what try_send() left, if the carrier takes it now; `timed_out`: not all of it.
    transport::flow flush();

    /// Sends one frame, or keeps it until the carrier takes it. With `more_to_come`, keeps it for
    /// the next one. Throws `error` (too_large).
    posted post(std::span<const frame_bytes> parts, bool more_to_come);

    /// Sends what was kept, as far as the carrier takes it. Whether something is kept still.
    bool drain();
    bool keeps() const;

    /// Frames longer than that are too_large.
    std::uint64_t frame_bytes_max() const noexcept { return frame_bytes_max_; }

    transport::channel_end& end() noexcept { return *end_; }
    std::unique_ptr<transport::waitable> watch(transport::direction which) {
        return end_->watch(end_, which);
    }

private:
    transport::flow read(const transport::patience& limit);
    void keep(std::span<const frame_bytes> parts);
    void send_or_keep(std::span<const frame_bytes> parts);
    bool drain_locked();
    [[noreturn]] void complain_of_size(std::size_t bytes) const;

    std::shared_ptr<transport::channel_end> end_;
    rpc_framing frames_;
    std::uint64_t frame_bytes_max_;
    wire::rpc_splitter splitter_;

    mutable std::mutex sending_;
    std::deque<std::vector<std::byte>> kept_;  ///< whole frames, to be sent piece by piece
    bool broken_ = false;                      ///< nobody reads what we send
};

}  // namespace signet::pattern
