// SPDX-License-Identifier: Apache-2.0
// Connecting to a machine that has several addresses, of which some may lead nowhere: they race
// (RFC 8305). The next one starts when the one before has failed or has not answered for a while,
// and the first that connects wins. Any thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/ip_address.hpp>
#include <signet/os/tcp_socket.hpp>

#include <chrono>
#include <string_view>
#include <vector>

namespace signet::transport::tcp {

/// How long an address is alone before the next one starts beside it.
inline constexpr std::chrono::milliseconds head_start{250};

/// Connects to one of them; `name` is for texts. Throws `error` where none can be connected to,
/// with what became of each, and timed_out.
os::tcp_socket connect_to_first(std::string_view name, const std::vector<os::ip_address>& targets,
                                deadline until);

}  // namespace signet::transport::tcp
