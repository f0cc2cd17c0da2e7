// SPDX-License-Identifier: Apache-2.0
// One conversation of frames, on any channel that goes both ways: it finds the frames in what
// arrives, and sends them whole. What it throws means that the conversation is over.
//
// Thread safety: one thread at a time receives; any thread sends.
#pragma once

#include <signet/life/short_lock.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/transport/channel.hpp>
#include <signet/wire/json_rpc.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/rpc_splitter.hpp>

#include <atomic>
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

struct rpc_shape {
    rpc_framing frames;
    std::uint64_t frame_bytes_max;    ///< longer ones are too_large
    std::size_t descriptors_max = 0;  ///< open files that are taken with one frame
    bool passes_files = false;        ///< the carrier does
};

/// What became of a frame that was posted.
enum class posted {
    sent,
    kept,  ///< until there is room
    lost,  ///< nobody will read it any more
};

using frame_bytes = std::span<const std::byte>;

/// One that arrived.
struct arrived_frame {
    frame_bytes bytes{};
    wire::rpc_frame what{};
};

/// One frame, or several, to be sent: the parts in a row, and duplicates of open files beside them.
struct outgoing_frame {
    std::span<const frame_bytes> parts;
    std::span<const int> descriptors{};
};

class rpc_line {
public:
    /// With `names`, and in a stream, the other end may as well speak JSON-RPC, and is then
    /// answered in it: its first byte tells.
    rpc_line(std::unique_ptr<transport::channel_end> end, const rpc_shape& shape,
             wire::json_rpc::parameter_names names = {})
        : end_{std::move(end)},
          shape_{shape},
          splitter_{shape.frame_bytes_max},
          names_{std::move(names)} {}

    /// The next frame in `into`, valid until the next call. As channel_end::receive; also throws
    /// `error`: too_large, peer_misbehaved.
    transport::flow receive(arrived_frame& into, const transport::patience& limit);

    /// The same of what was read already.
    bool take_read(arrived_frame& into) { return may_have_read_ && split_off(into); }

    /// Whether some of what was read may be left, of which the end does not know.
    bool holds_read() const noexcept { return may_have_read_; }

    /// Those that came with the next frame that has some, in their order. Throws `error`
    /// (peer_misbehaved): there are not so many.
    std::vector<os::descriptor> take_descriptors(std::size_t count);

    /// Sends a frame, if the carrier takes it now, behind what is kept. As channel_end::send; where
    /// it was not taken whole, `partly` is set, and the rest goes out with flush(), receive() and
    /// waiting.
    transport::flow try_send(const outgoing_frame& frame, bool& partly);

    /// Sends what is left or kept, if the carrier takes it now; `timed_out`: not all of it.
    transport::flow flush();

    /// Sends one frame, or keeps it until the carrier takes it. With `more_to_come`, keeps it for
    /// the next one. Throws `error`, and it is not sent: too_large; in JSON as json_rpc::answer.
    posted post(const outgoing_frame& frame, bool more_to_come);

    /// Sends what was kept, as far as the carrier takes it. Whether something is kept still; what
    /// another thread keeps meanwhile may be overlooked.
    bool drain();
    bool keeps() const;

    /// Frames longer than that are too_large.
    std::uint64_t frame_bytes_max() const noexcept { return shape_.frame_bytes_max; }

    /// Open files that are taken with one frame; and that can be sent with one to who says that it
    /// takes so many.
    std::size_t descriptors_max() const noexcept { return shape_.descriptors_max; }
    std::uint32_t files_to(std::uint32_t said) const noexcept {
        return shape_.passes_files ? said : 0;
    }

    transport::channel_end& end() noexcept { return *end_; }
    std::unique_ptr<transport::waitable> watch(transport::direction which) {
        return end_->watch(end_, which);
    }

private:
    /// Whole frames; open files only of the first of them.
    struct kept_frames {
        std::vector<std::byte> bytes;
        std::vector<os::descriptor> descriptors;
    };

    bool split_off(arrived_frame& into);
    bool is_plain(const transport::incoming& got, arrived_frame& into) const;
    void take_in(transport::incoming& got);
    void give(frame_bytes bytes);
    void choose_language(std::byte first);
    posted post_as_json(const outgoing_frame& frame, bool more_to_come);
    posted post_kept(bool more_to_come);
    posted state() const;
    void keep(const outgoing_frame& frame);
    void send_or_keep(const outgoing_frame& frame);
    bool drain_locked();
    transport::flow send_kept(const kept_frames& next);
    [[noreturn]] void complain_of_size(std::size_t bytes) const;

    std::shared_ptr<transport::channel_end> end_;
    rpc_shape shape_;
    wire::rpc_splitter splitter_;
    bool may_have_read_ = false;              ///< a whole frame
    wire::json_rpc::parameter_names names_;   ///< until its language is known
    std::unique_ptr<wire::json_rpc> json_;    ///< or null; there before the first frame is
    std::deque<os::descriptor> descriptors_;  ///< that came, and belong to a frame to come

    mutable life::short_lock sending_;
    std::deque<kept_frames> kept_;  ///< to be sent piece by piece
    std::atomic<bool> keeps_any_{false};
    bool broken_ = false;  ///< nobody reads what we send
};

}  // namespace signet::pattern
