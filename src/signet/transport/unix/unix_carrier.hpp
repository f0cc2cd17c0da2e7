// SPDX-License-Identifier: Apache-2.0
// Channels over unix stream sockets: `unix:///run/x.sock` and `unix://@name` (abstract). Between
// processes of one machine, with descriptors, and with the peer's uid by the kernel's word. A path
// is private to the user (mode 0600); an abstract name is open to all in the network namespace.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::unix_socket {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::unix_socket
