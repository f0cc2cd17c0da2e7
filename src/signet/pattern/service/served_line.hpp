// SPDX-License-Identifier: Apache-2.0
// What a server has of one of its connections beside what both ends have.
//
// Thread safety: as it says.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/transport/wait_engine.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace signet::pattern {

/// What became of a call whose result is an argument of later ones.
struct kept_result {
    std::vector<std::byte> value;  ///< empty: it failed
    std::uint32_t uses;            ///< that are to come
};

class served_line final : public call_session {
public:
    using call_session::call_session;

    /// To another server, for what is forwarded there; null: a client's. Its calls are answered by
    /// whoever is known by that, as long as it is.
    std::optional<std::weak_ptr<const void>> leads_to{};

    /// What its calls can claim.
    std::uint8_t priority_max = 0;

    // The reader's.
    transport::wait_key key{};                  ///< to wait for frames
    std::optional<transport::wait_key> room{};  ///< to wait for room, while replies are kept
    bool told = false;                          ///< the kernel tells of what arrives
    bool dropped = false;                       ///< it has ended, and is not looked at any more
    bool filled = false;                        ///< it had calls enough when it was looked last

    // Under the server's mutex.
    std::vector<std::shared_ptr<incoming_call>> at_work{};  ///< queued, running, or not answered
    std::unordered_map<std::uint32_t, kept_result> kept{};  ///< by the ids of their calls
    std::size_t kept_bytes = 0;
    std::unordered_multimap<std::uint32_t, std::shared_ptr<incoming_call>>
        dependents{};  ///< wait for the result of the call with that id
    std::size_t at_work_bytes = 0;
    std::size_t pulses = 0;   ///< queued, or running; they are not at work
    std::size_t awaited = 0;  ///< methods that wait for something of it
    bool resting = false;     ///< not read until there is room

    /// Replies wait for the next one to go with them. Only where one thread serves.
    std::atomic<bool> corked{false};

    void enter(const std::shared_ptr<incoming_call>& call) {
        if (call->is_pulse()) return void(++pulses);
        if (over) return;
        call->place = at_work.size();
        at_work.push_back(call);
        at_work_bytes += call->bytes();
    }
    void leave(const incoming_call& call) {
        if (call.is_pulse()) return void(--pulses);
        if (over) return;
        at_work_bytes -= call.bytes();
        at_work.back()->place = call.place;
        std::swap(at_work[call.place], at_work.back());
        at_work.pop_back();
    }
    std::shared_ptr<incoming_call> find(std::uint32_t id) const {
        for (const auto& one : at_work) {
            if (one->wants_reply() && one->frame().id == id) return one;
        }
        return nullptr;
    }
};

}  // namespace signet::pattern
