// SPDX-License-Identifier: Apache-2.0
// Channels over UDP: `udp://host:4711`, `udp://[::1]:4711`; to listen at all addresses of this
// machine `udp://*:4711`. A message is a datagram: whole or not at all, once, perhaps out of order.
// Between machines; nothing is secret. docs/design/udp.md says what is told of an end, and what a
// stranger in the network can do.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::udp {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::udp
