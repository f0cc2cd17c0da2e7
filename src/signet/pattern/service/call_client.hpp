// SPDX-License-Identifier: Apache-2.0
// Calls methods of a server, over one connection that is made anew after it has ended. A caller
// does its own I/O: who finds nobody reading reads, for itself and for the others. The server may
// call back, and whoever waits then runs what it calls.
//
// Thread safety: any thread. Invariants:
//   1. At most one thread reads a connection (`reading`).
//   2. Whoever leaves the reading wakes one who waits: nobody waits for an answer unread.
//   3. No user's code runs, and nothing is sent, under the mutex.
//   4. A connection is `connection_`, or one of `ended_`, as long as a call is in its `calls`; who
//      waits for something else of it holds it.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/call_host.hpp>
#include <signet/pattern/service/outgoing_call.hpp>
#include <signet/pattern/service/rpc_line.hpp>
#include <signet/transport/channel.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::pattern {

/// Makes a connection: throws `error`, as carrier::connect.
using connector = std::function<std::unique_ptr<rpc_line>(std::chrono::nanoseconds limit)>;

struct client_options {
    std::uint64_t message_bytes_max = std::uint64_t{16} << 20;

    /// How long the server may take to answer when the connection is made.
    std::chrono::nanoseconds handshake_limit = std::chrono::seconds{5};

    /// Open files that are taken with an answer, or as arguments of a call back.
    std::size_t descriptors_max = 0;

    /// Of all its calls: more is more urgent.
    std::uint8_t priority = 0;

    life::wait_mode waiting = life::wait_mode::eager;
};

struct client_connection;

/// A connection that has said hello.
struct opened_line {
    std::unique_ptr<rpc_line> line;
    bool knows_us;            ///< the other end is one of Signet's
    std::uint32_t files_max;  ///< that it takes with one frame
};

class call_client final : public call_host {
public:
    /// Connects. Throws `error`.
    call_client(connector connect, const client_options& options);
    ~call_client() override;

    /// Has a method called by the server, while somebody waits. Before the first call. Throws
    /// contract_violation: there is one of that name, or it is a reserved one.
    void handle(std::string name, method_body body);

    /// Sends a request; `call` is a new one, and stays where it is until it is done. Throws
    /// call_error, with ran::no: nothing was sent.
    void start(outgoing_call& call, const call_request& request, const transport::patience& limit);

    /// Has all of them wait for their answers, on the connection as it is now, or a new one: to be
    /// sent there. Throws call_error, with ran::no.
    void enter(std::span<outgoing_call* const> calls, const transport::patience& limit);

    /// Sends a notification, to which there is no answer. Throws call_error with ran::no.
    void notify(const call_request& request, const transport::patience& limit);

    /// Runs what the server calls, until the patience ends: true; or the connection does: false.
    bool serve(const transport::patience& limit);

    /// For a loop of the user's: takes what has arrived, and runs what the server calls. False: the
    /// connection has ended. Until then fd() is readable when there is something again.
    bool poll();
    int fd();

    /// Who serves; the connection as it is now.
    transport::peer_identity peer();

    /// Whether the server is one of Signet's: the connection as it is now.
    bool extensions();
    std::size_t files_max() override;

    /// The connection as it is now, or a new one. Throws `error`.
    std::shared_ptr<call_session> session();

    /// A connection of somebody else's, to where this one connects to. Throws `error`.
    opened_line open(std::chrono::nanoseconds limit) const;

    /// Lasts as long as this does.
    const std::shared_ptr<const void>& life() const noexcept { return life_; }

    const client_options& options() const noexcept { return options_; }

    bool send(call_session& on, std::string_view method, const outgoing_frame& frame,
              const transport::patience& limit) override;
    void tell(call_session& on, const outgoing_frame& frame) override;
    void await(lock& locked, call_session& on, awaited& what,
               const transport::patience& limit) override;
    bool try_await(lock& locked, call_session& on, const awaited& what) override;
    std::unique_ptr<transport::waitable> enlist(call_waiter& who, call_session& on,
                                                awaited& what) override;
    void take_back(call_waiter& who, call_session& on, awaited& what) override;
    void resume(std::shared_ptr<outgoing_stream> stream) override;
    void reply(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
               const std::vector<std::byte>& result) override;

private:
    using connection_ptr = std::shared_ptr<client_connection>;

    connection_ptr usable(const transport::patience& limit);
    connection_ptr make(std::chrono::nanoseconds limit);
    std::vector<connection_ptr> take_unused();
    opened_line meet(deadline limit) const;
    void await_room(client_connection& on, const transport::patience& limit);
    void send_kept(lock& locked, client_connection& on, const transport::patience& limit);
    void await_room(lock& locked, client_connection& on, awaited& what,
                    const transport::patience& limit);
    bool read_some(lock& locked, client_connection& on);
    bool read_once(lock& locked, client_connection& on, const transport::patience& limit);
    static std::optional<std::uint32_t> take(client_connection& on, const arrived_frame& came);
    static void take_request(client_connection& on, const arrived_frame& came);
    void lead(lock& locked, client_connection& on, const awaited& what,
              const transport::patience& limit);
    static void follow(lock& locked, client_connection& on, awaited& what,
                       const transport::patience& limit);
    static void stay_enlisted(client_connection& on, call_waiter& who, bool read_all);
    static void drain(lock& locked, client_connection& on);
    void work(lock& locked, client_connection& on);
    void run(const std::shared_ptr<incoming_call>& request);
    static void leave_reading(client_connection& on);

    connector connect_;
    client_options options_;
    std::shared_ptr<const void> life_ = std::make_shared<char>();
    std::map<std::string, method_body, std::less<>> methods_;
    std::mutex connecting_;  ///< one thread at a time makes a connection; before the other
    connection_ptr connection_;
    std::vector<connection_ptr> ended_;  ///< that calls had not left when it was looked
};

}  // namespace signet::pattern
