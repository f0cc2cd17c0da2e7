// SPDX-License-Identifier: Apache-2.0
// A call that this process makes, from its being sent until its answer was read.
//
// Thread safety: start, result and destruction are one thread's; the rest is under the mutex of its
// host.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/pattern/service/call_host.hpp>
#include <signet/pattern/service/short_bytes.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::pattern {

class call_session;
class incoming_call;
class incoming_stream;
class outgoing_stream;

/// A request: values in a row, and how many.
struct call_request {
    std::string_view method;
    std::size_t arguments = 0;
    frame_bytes body{};
    wire::rpc_rider rider{};  ///< but for the deadline; nothing where the other end is foreign
    std::span<const int> descriptors{};
};

/// Runs a method: reads the arguments, appends the result as one value. What it returns is why the
/// call did not run; what it throws, its caller is told.
using method_body = std::function<std::optional<wire::rpc_failure>(incoming_call& call,
                                                                   std::vector<std::byte>& result)>;

/// It is given up when this is destroyed before it was done.
class outgoing_call final : public awaited {
public:
    outgoing_call() = default;
    ~outgoing_call() override;

    /// A function of ours that may be called back while this call lasts, by the thread that waits
    /// for it. Before it is sent; `number` is what the other end calls it.
    void lend(std::uint32_t number, method_body body);

    /// A stream of ours that is one of its arguments. Before it is sent.
    void lend(std::shared_ptr<outgoing_stream> stream);

    /// Of another connection than before, or the first one; which lasts until this has left it.
    /// With the mutex held. Throws call_error (ran::no): too many streams are written there.
    void enter(call_session& on);

    /// Sends the request, once it has entered. False: the connection has ended, and nothing was
    /// sent. Throws call_error (ran::no).
    bool send(const call_request& request, const transport::patience& limit);

    /// The same in two parts, for who sends several together: its head; and once it was sent, or
    /// was not.
    void put_head(std::vector<std::byte>& into, const call_request& request,
                  const transport::patience& limit) const;
    void begin_streams();
    void forget();

    /// Waits until it is done; runs what calls back. Throws call_error (ran::maybe) where the
    /// patience ends first; the other end is told that nobody waits any more. Throws
    /// contract_violation: it was not sent, or given up.
    void finish(const transport::patience& limit);

    /// The same without waiting: whether it is done, and result() can be asked for.
    bool try_finish();

    /// With the mutex held: whether it is done. Then it has left its connection.
    bool settle();

    /// The result, one value; once it is done. Throws call_error, remote_error.
    frame_bytes result() const;

    /// Why there is no result, as somebody else is to be told; none: there is one. Once it is done.
    std::optional<wire::rpc_failure> failure() const;

    /// What came with the result: a stream that the other end writes; open files.
    std::shared_ptr<incoming_stream> take_stream() noexcept {
        return came_ ? std::move(came_->stream) : nullptr;
    }
    std::vector<os::descriptor> take_descriptors() noexcept {
        return came_ ? std::move(came_->descriptors) : std::vector<os::descriptor>{};
    }

    const std::string& method() const noexcept { return method_; }
    void call_it(std::string_view method) { method_ = method; }
    std::uint32_t id() const noexcept { return id_; }

    /// Where it has entered, and was not left yet; or null.
    std::shared_ptr<call_session> on() const;

    bool there() const noexcept override { return done_ || is_called_back(); }
    bool done() const noexcept { return done_; }

private:
    friend call_session;
    friend class calls_by_id;
    using callback = std::pair<std::uint32_t, method_body>;

    /// What few calls have: of ours that the other end uses; made before it is sent.
    struct loans {
        std::vector<callback> callbacks;
        std::vector<std::shared_ptr<outgoing_stream>> streams;
    };

    /// And what came for it beside an answer; made under the mutex.
    struct arrivals {
        std::shared_ptr<incoming_stream> stream;
        std::vector<os::descriptor> descriptors;
        std::list<std::shared_ptr<incoming_call>> called_back;  ///< for the thread that waits
    };

    loans& lent() {
        if (!lent_) lent_ = std::make_unique<loans>();
        return *lent_;
    }
    arrivals& came() {
        if (!came_) came_ = std::make_unique<arrivals>();
        return *came_;
    }
    bool is_called_back() const noexcept { return came_ && !came_->called_back.empty(); }
    void end_waiting(call_host::lock& locked);
    void call_back(call_host::lock& locked);
    void refuse_rest(call_host::lock& locked);
    void require_done() const;
    void give_up();
    void leave();

    call_session* on_ = nullptr;  ///< it has entered there; or null
    std::uint32_t id_ = 0;
    std::string method_;
    std::unique_ptr<loans> lent_;  ///< or null

    // Under the mutex:
    bool done_ = false;
    short_bytes answer_;              ///< the result, or
    short_bytes error_;               ///< what the other end said, or
    std::exception_ptr failure_;      ///< why there is no answer
    std::unique_ptr<arrivals> came_;  ///< or null
};

}  // namespace signet::pattern
