// SPDX-License-Identifier: Apache-2.0
// What a client has of its connection: part of call_client.hpp, whose invariants are about it.
//
// Thread safety: `line` has its own; the rest is under the client's mutex.
#pragma once

#include <signet/pattern/service/call_client.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace signet::pattern {

struct client_connection {
    client_connection(std::unique_ptr<rpc_line> made, bool knows_us)
        : line{std::move(made)}, extensions{knows_us} {}

    const std::unique_ptr<rpc_line> line;
    const bool extensions;  ///< the server is one of Signet's

    std::unordered_map<std::uint32_t, outgoing_call*> waiting{};  ///< for their answers, by id
    std::vector<life::notice*> followers{};  ///< threads that wait, and do not read
    std::vector<transport::wait_engine*>
        senders{};  ///< threads that wait for room, and do not read
    std::uint32_t next_id = 1;
    bool reading = false;
    bool over = false;

    /// Enters a call, under an id that no other one has.
    void enter(outgoing_call& call);

    /// Whose answer that is: it is done, once it was filled. Null: nobody waits for it any more.
    outgoing_call* leave(std::uint32_t id);

    /// Has one more thread look whether it is to read, where nobody does.
    void wake_one();

    /// The connection has ended: so have all calls.
    void end(const std::exception_ptr& why);

    static void complete(outgoing_call& call);
};

}  // namespace signet::pattern
