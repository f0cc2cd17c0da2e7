// SPDX-License-Identifier: Apache-2.0
// What one end knows of a connection that calls travel on, in both directions: the calls that it
// made and waits for, and the streams that either end writes. Client and server have the same.
//
// Thread safety: `line` has its own; the rest is under the mutex of the host. Invariants:
//   1. A call is in `calls` from before it is sent until whoever made it is done with it: until
//      then it refers to this.
//   2. Whoever ends a connection makes everything that is waited for on it be there.
#pragma once

#include <signet/pattern/service/call_host.hpp>
#include <signet/pattern/service/call_stream.hpp>
#include <signet/pattern/service/outgoing_call.hpp>
#include <signet/pattern/service/rpc_line.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace signet::pattern {

/// Calls under way, or done and not looked at yet, by ids that follow each other.
class calls_by_id {
public:
    /// Under an id that no other one has.
    void enter(outgoing_call& call);

    /// Once for each enter().
    void leave(std::uint32_t id);

    /// Null: there is none, or it is done.
    outgoing_call* waiting(std::uint32_t id) const noexcept;

    template <class Each>
    void for_each_waiting(Each each) {
        for (outgoing_call* const one : slots_) {
            if (one != nullptr && !one->done()) each(*one);
        }
    }

    bool empty() const noexcept { return count_ == 0; }

private:
    void grow();
    std::size_t place_of(std::uint32_t id) const noexcept { return id & (slots_.size() - 1); }

    std::vector<outgoing_call*> slots_ = std::vector<outgoing_call*>(16);  ///< a power of two
    std::size_t count_ = 0;
    std::uint32_t next_ = 1;
};

class call_session : public std::enable_shared_from_this<call_session> {
public:
    call_session(call_host& of, std::unique_ptr<rpc_line> made, bool knows_us,
                 std::uint32_t takes_files = 0)
        : line{std::move(made)}, host{of}, extensions{knows_us}, files_max{takes_files} {}
    virtual ~call_session() = default;

    const std::unique_ptr<rpc_line> line;
    call_host& host;

    std::atomic<bool> extensions;  ///< the other end is one of Signet's

    std::atomic<std::uint32_t> files_max;  ///< open files that it takes with one frame
    bool over = false;

    bool knows_extensions() const noexcept {
        return extensions.load(std::memory_order_relaxed);  // relaxed: a flag alone
    }

    /// How many more it takes with a frame that has `files`.
    std::size_t files_left(std::size_t files) const noexcept {
        const std::size_t most = files_max.load(std::memory_order_relaxed);  // relaxed: one number
        return most - std::min(most, files);
    }

    // ---- calls of ours

    calls_by_id calls;

    void enter_function(std::uint32_t number, outgoing_call& of) { functions_[number] = &of; }
    void leave_function(std::uint32_t number) { functions_.erase(number); }

    // ---- streams

    /// Throws `error` (peer_misbehaved): that number is taken, or there are too many.
    std::shared_ptr<incoming_stream> begin_reading(std::uint32_t number);
    void begin_writing(const std::shared_ptr<outgoing_stream>& stream);
    void stop_reading(std::uint32_t number, const incoming_stream& stream);

    /// One end writes no more streams than this at a time.
    bool writes_enough() const noexcept;

    /// So many bytes more, or less, are kept of items beyond the windows of their streams. Throws
    /// `error` (peer_misbehaved): too many.
    void note_excess(std::int64_t bytes);
    std::shared_ptr<outgoing_stream> stop_writing(std::uint32_t number);

    // ---- frames that arrive

    /// A response; its descriptors are taken from the line. The number of a stream that came with
    /// it, and that nobody is there to read.
    std::optional<std::uint32_t> take_response(const wire::rpc_frame& frame);

    /// What the other end tells of a stream. False: it is about nothing of the kind. Throws `error`
    /// (peer_misbehaved).
    bool take_notification(const wire::rpc_frame& frame);

    /// Somebody calls a function back: the call that lent it, or null: it has ended.
    bool hand_back(std::uint32_t number, const std::shared_ptr<incoming_call>& call);

    /// All that are written, so that what they hold can be destroyed without the mutex.
    std::vector<std::shared_ptr<outgoing_stream>> take_streams();

    /// The connection has ended, and with it all that was under way.
    void end(const std::exception_ptr& why);

private:
    static void complete(outgoing_call& call);
    incoming_stream* reading(std::uint32_t number) const;
    void take_item(const wire::rpc_frame& frame);
    void take_end(const wire::rpc_frame& frame);
    void take_credit(const wire::rpc_frame& frame);
    void take_drop(const wire::rpc_frame& frame);

    std::unordered_map<std::uint32_t, outgoing_call*> functions_;
    std::unordered_map<std::uint32_t, incoming_stream*> reading_;
    std::unordered_map<std::uint32_t, std::shared_ptr<outgoing_stream>> writing_;
    std::int64_t excess_ = 0;  ///< of items that nobody has read
};

}  // namespace signet::pattern
