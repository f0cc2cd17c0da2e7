// SPDX-License-Identifier: Apache-2.0
// What a client has of its connection beside what both ends have: who reads it, who waits, and what
// the server wants of us. Part of call_client.hpp, whose invariants are about it.
//
// Thread safety: under the client's mutex.
#pragma once

#include <signet/pattern/service/call_session.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace signet::pattern {

struct client_connection final : call_session {
    using call_session::call_session;

    std::vector<call_waiter*> followers{};  ///< who wait, and do not read
    std::deque<std::shared_ptr<incoming_call>> requests{};
    std::deque<std::shared_ptr<outgoing_stream>> pumps{};  ///< may be written
    std::size_t working = 0;  ///< threads at one of those, or within one at another
    std::size_t request_bytes = 0;
    bool reading = false;
    bool keeps = false;  ///< of what we send: there was no room

    /// Whether there is something to do for whoever waits. What is done may wait in its turn, and
    /// find more to do; but not without end. Nor before what is kept is sent, so that a server that
    /// does not read costs no more memory.
    bool has_work() const noexcept {
        return !keeps && working < working_max && (!requests.empty() || !pumps.empty());
    }

    static constexpr std::size_t working_max = 64;

    /// Has one more who waits look whether it is to read, where nobody does.
    void wake_one() {
        if (reading || followers.empty()) return;
        followers.back()->wake();
        followers.pop_back();
    }

    /// All that it holds, and that may hold it, to be destroyed without the mutex.
    struct contents {
        std::deque<std::shared_ptr<incoming_call>> requests;
        std::deque<std::shared_ptr<outgoing_stream>> pumps;
        std::vector<std::shared_ptr<outgoing_stream>> streams;
    };
    contents take_all() {
        return {std::exchange(requests, {}), std::exchange(pumps, {}), take_streams()};
    }

    /// The connection has ended, and all that was under way.
    void end_all(const std::exception_ptr& why) {
        end(why);
        for (call_waiter* const one : followers) one->wake();
    }
};

}  // namespace signet::pattern
