// SPDX-License-Identifier: Apache-2.0
// Calls methods of a server, over one connection that is made anew after it has ended. A caller
// does its own I/O: who finds nobody reading reads, for itself and for the others.
//
// Thread safety: any thread. Invariants:
//   1. At most one thread reads a connection (`reading`).
//   2. A call is in `waiting` of its connection from before it is sent until it is done, or given
//      up; whoever ends a connection makes all of them done.
//   3. Whoever leaves the reading wakes one who waits: nobody waits for an answer unread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/rpc_line.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/wait_engine.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace signet::pattern {

/// Makes a connection: throws `error`, as carrier::connect.
using connector = std::function<std::unique_ptr<rpc_line>(std::chrono::nanoseconds limit)>;

struct client_options {
    std::uint64_t message_bytes_max = std::uint64_t{16} << 20;

    /// How long the server may take to answer when the connection is made.
    std::chrono::nanoseconds handshake_limit = std::chrono::seconds{5};

    life::wait_mode waiting = life::wait_mode::adaptive;
};

/// A request: values in a row, and how many.
struct call_request {
    std::string_view method;
    std::size_t arguments = 0;
    frame_bytes body{};
};

class call_client;
struct client_connection;

/// A call that is under way. It is given up when this is destroyed before it was done.
class outgoing_call {
public:
    outgoing_call() = default;
    ~outgoing_call();
    outgoing_call(const outgoing_call&) = delete;
    outgoing_call& operator=(const outgoing_call&) = delete;

    /// The result, one value; once it is done. Throws call_error, remote_error.
    frame_bytes result();

    const std::string& method() const noexcept { return method_; }

private:
    friend call_client;
    friend client_connection;

    std::shared_ptr<client_connection> on_;  ///< null: it was not sent, or is done
    call_client* client_ = nullptr;
    std::uint32_t id_ = 0;
    std::string method_;
    bool done_ = false;               ///< under the client's mutex, as what follows
    std::vector<std::byte> answer_;   ///< the result, or
    std::vector<std::byte> error_;    ///< what the server said, or
    std::exception_ptr failure_;      ///< why there is no answer
    life::notice* waiter_ = nullptr;  ///< of the thread that waits for it, and does not read
};

class call_client {
public:
    /// Connects. Throws `error`.
    call_client(connector connect, const client_options& options);
    ~call_client();
    call_client(const call_client&) = delete;
    call_client& operator=(const call_client&) = delete;

    /// Sends a request; `under_way` is a new one, and stays where it is until it is done. Throws
    /// call_error, with ran::no: nothing was sent.
    void start(outgoing_call& under_way, const call_request& request,
               const transport::patience& limit);

    /// Waits until it is done. Throws call_error (ran::maybe) where the patience ends first; the
    /// server is told that nobody waits any more.
    void finish(outgoing_call& under_way, const transport::patience& limit);

    /// Whether it is done; reads what is there, unless somebody else is reading.
    bool try_finish(outgoing_call& under_way);

    /// Sends a notification, to which there is no answer. Throws call_error with ran::no.
    void notify(const call_request& request, const transport::patience& limit);

    /// Who serves; the connection as it is now.
    transport::peer_identity peer();

private:
    friend outgoing_call;
    using lock = std::unique_lock<std::mutex>;
    using connection_ptr = std::shared_ptr<client_connection>;

    connection_ptr usable(const transport::patience& limit);
    connection_ptr make(std::chrono::nanoseconds limit) const;
    bool try_start(outgoing_call& call, const call_request& request,
                   const transport::patience& limit);
    bool send(const connection_ptr& on, std::string_view method, std::span<const frame_bytes> parts,
              const transport::patience& limit);
    void await_room(const connection_ptr& on, const transport::patience& limit);
    bool read_once(const connection_ptr& on, const transport::patience& limit);
    void read_all(const connection_ptr& on);
    void take(client_connection& on, frame_bytes bytes);
    void refuse(client_connection& on, std::uint32_t id);
    void lead(lock& locked, const connection_ptr& on, const outgoing_call& until_done,
              const transport::patience& limit);
    void follow(lock& locked, outgoing_call& call, const transport::patience& limit);
    void leave_reading(client_connection& on);
    void end(client_connection& on, std::exception_ptr why);
    void give_up(outgoing_call& call);
    void forget(outgoing_call& call);

    connector connect_;
    client_options options_;
    std::mutex connecting_;  ///< one thread at a time makes a connection; before the other
    std::mutex mutex_;
    connection_ptr connection_;
};

}  // namespace signet::pattern
