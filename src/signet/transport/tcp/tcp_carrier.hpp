// SPDX-License-Identifier: Apache-2.0
// Channels over TCP: `tcp://host:4711`, `tcp://[::1]:4711`; to listen at all addresses of this
// machine `tcp://*:4711`, at a port of the kernel's choice `tcp://127.0.0.1:0`. Between machines;
// nothing is secret, and nobody proves who he is: `tls` does that.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::tcp {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::tcp
