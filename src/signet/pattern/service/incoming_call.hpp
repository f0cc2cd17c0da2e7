// SPDX-License-Identifier: Apache-2.0
// A call that arrived on a connection, from its frame to its answer.
//
// Thread safety: cancel() and what asks about it are for any thread; the rest belongs to whoever
// reads the connection until the call is queued, and to whoever runs it then. A copy of the
// pointer may outlive the answer.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/pattern/service/short_bytes.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/rpc_names.hpp>
#include <signet/wire/special_value.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace signet::pattern {

class incoming_call {
public:
    /// Copies `bytes`, which `frame` was read from, a request or a notification, and takes the open
    /// files that come with it. Throws `error` (peer_misbehaved).
    incoming_call(std::shared_ptr<call_session> from, frame_bytes bytes,
                  const wire::rpc_frame& frame);

    const wire::rpc_frame& frame() const noexcept { return frame_; }
    bool wants_reply() const noexcept { return frame_.kind == wire::rpc_kind::request; }
    call_session& from() const noexcept { return *from_; }

    /// A notification of two numbers: pulse.hpp.
    bool is_pulse() const noexcept { return !wants_reply() && frame_.method == wire::pulse_method; }

    /// Of its frame, as it arrived.
    std::size_t bytes() const noexcept { return arrived_bytes_; }

    /// `never` where it has none.
    deadline until() const noexcept { return until_; }

    /// More is more urgent; no more than the host allows whoever sent it.
    std::uint8_t priority() const noexcept { return priority_; }
    void limit_priority(std::uint8_t most) noexcept { priority_ = std::min(priority_, most); }

    // ---- what its arguments are beside values

    /// Calls of the same connection whose results are arguments of this one; none, once they were
    /// put in.
    std::span<const std::uint32_t> references() const noexcept {
        return more_ ? std::span<const std::uint32_t>{more_->references}
                     : std::span<const std::uint32_t>{};
    }

    /// Puts the results in, in the order of references(); none are left.
    void fill_in(std::span<const std::vector<std::byte>> results);

    /// One argument less of others will be its result.
    void drop_use() noexcept { --frame_.rider.uses; }

    /// Begins reading the streams among them. With the mutex of the host held. Throws `error`
    /// (peer_misbehaved).
    void begin_streams();

    /// Null, or none: there is no such thing, or it was taken already.
    std::shared_ptr<incoming_stream> take_stream(std::uint32_t number);
    os::descriptor take_descriptor(std::uint32_t which);

    /// Neither has it arguments that are no values, nor such a result.
    bool has_values_only() const noexcept { return !more_; }

    /// Gives up what nobody took. Without the mutex.
    void drop_rest() {
        if (more_) drop_more();
    }

    /// Of a call to a function that was lent: its number, which stands before the arguments.
    /// Throws `error` (peer_misbehaved).
    std::uint32_t take_function();
    std::uint32_t function() const noexcept { return function_; }

    // ---- running it

    /// Answers that what it calls back is not there any more.
    void refuse_callback();

    /// What goes with its answer: an open file, or a stream that we write.
    void reply_with(os::descriptor file) { more().reply_files.push_back(std::move(file)); }
    void reply_with(std::shared_ptr<outgoing_stream> stream) {
        more().reply_stream = std::move(stream);
    }
    std::vector<int> reply_files() const;

    /// Enters the stream, before the answer that tells of it: the other end may drop it at once.
    /// Then has it written, behind that answer. Both without the mutex.
    void begin_reply_stream() {
        if (more_ && more_->reply_stream) enter_reply_stream();
    }
    void write_reply_stream() {
        if (more_ && more_->reply_stream) pump_reply_stream();
    }

    /// Whoever runs it does not answer it: somebody does later, once.
    void answer_later() noexcept { later_ = true; }
    bool answered_later() const noexcept { return later_; }

    // ---- cancelling

    /// Asks whoever runs it to stop.
    void cancel();
    bool cancelled() const noexcept {
        return cancelled_.load(std::memory_order_acquire);  // SYNC call-cancelled
    }

    /// Of a call that runs. The host is told, the first time.
    std::stop_token stop_token();

    // The host's, under its mutex: where it stands in the list of its connection, whether it is
    // counted among those that want to be told of an end, and whether it was answered.
    std::size_t place = 0;
    bool counted = false;
    bool finished = false;

private:
    /// An argument that is no value, and where it stands among them.
    struct special_argument {
        std::size_t at;
        wire::special_value what;
    };

    /// What few calls have.
    struct extras {
        std::vector<special_argument> specials;
        std::vector<std::uint32_t> references;
        std::vector<std::pair<std::uint32_t, std::shared_ptr<incoming_stream>>> streams;
        std::vector<os::descriptor> descriptors;
        std::vector<os::descriptor> reply_files;
        std::shared_ptr<outgoing_stream> reply_stream;
    };

    extras& more() {
        if (!more_) more_ = std::make_unique<extras>();
        return *more_;
    }
    void drop_more();
    void enter_reply_stream();
    void pump_reply_stream();
    void move_frame(const std::byte* from, const std::byte* to);
    void find_specials();
    void replace_body(std::span<const std::byte> values);

    std::shared_ptr<call_session> from_;
    std::size_t arrived_bytes_;
    short_bytes bytes_;
    wire::rpc_frame frame_;  ///< in `bytes_`
    deadline until_ = never;
    std::uint8_t priority_ = 0;
    std::uint32_t function_ = 0;
    bool later_ = false;
    std::unique_ptr<extras> more_;  ///< null: it has none of that

    std::atomic<bool> cancelled_{false};
    std::optional<std::stop_source> stop_;  ///< under the host's mutex; there once it was asked for
};

/// What the thread is running, for as long as it does; null: nothing.
const std::shared_ptr<incoming_call>& this_thread_serves() noexcept;

/// As long as it lasts, this thread runs that call; the pointer lasts longer.
class serving_call {
public:
    explicit serving_call(const std::shared_ptr<incoming_call>& now)
        : before_{std::exchange(running(), &now)} {}
    explicit serving_call(std::shared_ptr<incoming_call>&&) = delete;
    ~serving_call() { running() = before_; }
    serving_call(const serving_call&) = delete;
    serving_call& operator=(const serving_call&) = delete;

private:
    friend const std::shared_ptr<incoming_call>& this_thread_serves() noexcept;

    static const std::shared_ptr<incoming_call>*& running() noexcept;

    const std::shared_ptr<incoming_call>* before_;
};

/// Appends what `body` gives, behind the head of an answer that it writes. Of a call that is to be
/// answered later it says nothing.
std::optional<wire::rpc_failure> run(const std::shared_ptr<incoming_call>& call,
                                     const method_body& body, std::vector<std::byte>& result);

/// Runs it, and has its host answer.
void run_and_answer(const std::shared_ptr<incoming_call>& call, const method_body& body);

/// The answer of a call that is given later. Where none was given when this goes away, the caller
/// is told that. Belongs to one thread at a time.
class later_answer {
public:
    explicit later_answer(std::shared_ptr<incoming_call> of) : call_{std::move(of)} {
        call_->answer_later();
    }
    later_answer(later_answer&&) noexcept = default;
    later_answer& operator=(later_answer&&) = delete;
    ~later_answer();

    const std::shared_ptr<incoming_call>& call() const noexcept { return call_; }

    /// Once. `result` is a whole answer (wire::put_result_head, and one value).
    void give(const std::optional<wire::rpc_failure>& failure,
              const std::vector<std::byte>& result);

private:
    std::shared_ptr<incoming_call> call_;  ///< null: it was given
};

}  // namespace signet::pattern
