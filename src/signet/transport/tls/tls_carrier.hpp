// SPDX-License-Identifier: Apache-2.0
// Channels over TLS 1.3 on TCP: `tls://host:4711`, and the other addresses of `tcp`. Both ends
// prove who they are, by certificates or by pinned keys, and what they say is secret. Any thread.
#pragma once

#include <signet/transport/carrier.hpp>
#include <signet/transport/tls/tls_options.hpp>

#include <string>

namespace signet::transport::tls {

const carrier& the_carrier() noexcept;

/// The options of those that connect or listen from now on: at `where`, an address without its
/// scheme; empty: wherever there are no others.
void set_options(const std::string& where, tls_options options);

}  // namespace signet::transport::tls
