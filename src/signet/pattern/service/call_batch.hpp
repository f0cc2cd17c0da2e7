// SPDX-License-Identifier: Apache-2.0
// Calls that are sent together, so that they cost one round trip; the result of one may be an
// argument of a later one, which the server puts in. Belongs to one thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/outgoing_call.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace signet::pattern {

class call_batch {
public:
    /// An argument that is the result of an earlier call of this batch.
    struct reference {
        std::size_t at;  ///< in the body of the request: a special_value
        const outgoing_call* of;
    };

    explicit call_batch(call_client& client) : client_{&client} {}

    /// Copies the request, and keeps the call until it is sent. Throws contract_violation: a
    /// reference to a call that is none of this batch's.
    void add(std::shared_ptr<outgoing_call> call, const call_request& request,
             std::span<const reference> references = {});

    /// Sends what was added. Throws call_error, with ran::no.
    void send(const transport::patience& limit);

    bool empty() const noexcept { return entries_.empty(); }

private:
    struct entry {
        std::size_t arguments;
        wire::rpc_rider rider;
        std::size_t body;                   ///< where it begins
        std::vector<os::descriptor> files;  ///< to go with it
    };
    struct hole {
        std::size_t at;
        std::size_t of;
    };

    std::size_t place_of(const outgoing_call* call) const;
    bool try_send(const transport::patience& limit);
    void begin_streams();
    void fill_holes();
    void put_frame(std::vector<std::byte>& into, std::size_t which,
                   const transport::patience& limit) const;
    frame_bytes body_of(std::size_t which) const;

    call_client* client_;
    std::vector<entry> entries_;
    std::vector<outgoing_call*> calls_;
    std::vector<std::shared_ptr<outgoing_call>> owned_;  ///< the same
    std::vector<hole> holes_;
    std::vector<std::byte> bodies_;
};

}  // namespace signet::pattern
