// SPDX-License-Identifier: Apache-2.0
// Pulses: notifications of two integers, that nobody waits for. A server keeps so many of them, and
// drops what is more. docs/design/services.md says what is promised.
//
// Thread safety: any thread.
#pragma once

#include <signet/wire/rpc_frame.hpp>

#include <cstdint>

namespace signet::pattern {

class call_client;

struct pulse {
    std::int32_t code = 0;
    std::int64_t value = 0;
};

/// Throws `error` (peer_misbehaved): there are not two integers in it.
pulse read_pulse(const wire::rpc_frame& frame);

/// Sends one, as urgent as that. Waits only to connect anew, where the connection has ended. False:
/// the carrier has no room, since the server has not read for long; it was not sent. Throws
/// `error`: nobody serves.
bool send_pulse(call_client& to, const pulse& what, std::uint8_t priority);

}  // namespace signet::pattern
