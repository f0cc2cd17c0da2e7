// SPDX-License-Identifier: Apache-2.0
// Connecting over UDP: hello, challenge, hello with the cookie, welcome. What is lost is said again
// until the handshake limit. Where a machine has several addresses they race, as for TCP: the next
// one starts when the one before has failed or has not answered for a while. Any thread.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/transport/tcp/tcp_name.hpp>

#include <memory>

namespace signet::transport::udp {

/// Throws `error` as carrier::connect. With plain framings nobody has to answer.
std::unique_ptr<channel_end> dial(const tcp::tcp_name& to, const channel_types& types,
                                  const channel_options& options);

}  // namespace signet::transport::udp
