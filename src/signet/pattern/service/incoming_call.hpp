// SPDX-License-Identifier: Apache-2.0
// A call as its server has it: what it asks for, until when, for whom, and whether anybody still
// waits for it. `current_call()` is the one whose handler runs in this thread.
//
// Thread safety: stop_token() and cancel() by any thread; the rest belongs to whoever has the call.
#pragma once

#include <signet/base/time.hpp>
#include <signet/pattern/service/rpc_line.hpp>
#include <signet/transport/channel.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace signet::pattern {

class served_line;

/// Who has the bookkeeping of calls that want to know of their cancellation.
class call_attendance {
public:
    call_attendance() = default;
    virtual ~call_attendance() = default;
    call_attendance(const call_attendance&) = delete;
    call_attendance& operator=(const call_attendance&) = delete;

    /// A call that runs wants to be told: from now on somebody reads while it does.
    virtual void attend() = 0;
};

class incoming_call : public std::enable_shared_from_this<incoming_call> {
public:
    /// Copies the frame, a request or a notification. Throws `error` (peer_misbehaved).
    incoming_call(std::shared_ptr<served_line> from, frame_bytes bytes);

    const wire::rpc_frame& frame() const noexcept { return frame_; }
    bool wants_reply() const noexcept { return frame_.kind == wire::rpc_kind::request; }
    served_line& from() const noexcept { return *from_; }

    /// `never` where it has none.
    deadline until() const noexcept { return until_; }

    /// Asks whoever runs it to stop.
    void cancel();
    bool cancelled() const;

    /// Of a call that runs. `by` is told, the first time.
    std::stop_token stop_token(call_attendance& by);

    /// Whether somebody asked for the token.
    bool attended() const;

private:
    std::shared_ptr<served_line> from_;
    std::vector<std::byte> bytes_;
    wire::rpc_frame frame_;  ///< in `bytes_`
    deadline until_ = never;

    mutable std::mutex stopping_;
    std::optional<std::stop_source> stop_;  ///< there once somebody asked for the token
    bool cancelled_ = false;
};

/// What the thread is doing for somebody: null where it is doing nothing of the kind.
struct call_at_work {
    std::shared_ptr<incoming_call> call;
    call_attendance* attendance = nullptr;
};
call_at_work& this_thread_serves() noexcept;

}  // namespace signet::pattern
