// SPDX-License-Identifier: Apache-2.0
// Where services and carriers meet: which channels calls travel over, by the scheme of an address.
// Any thread.
#pragma once

#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_server.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace signet::face {

/// Connects to a service. Throws `error`: nobody serves there, a bad address, one that goes one way
/// only.
std::unique_ptr<pattern::call_client> connect_client(std::string_view address,
                                                     const pattern::client_options& options);

/// Has `server` serve at `address` too, or whoever is at the other end of `pipe:`. The address to
/// connect to, with what the system chose.
std::string listen_for(pattern::call_server& server, std::string_view address,
                       const pattern::server_options& options);

}  // namespace signet::face
