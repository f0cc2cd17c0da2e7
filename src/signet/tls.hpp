// SPDX-License-Identifier: Apache-2.0
// Channels between machines, secret, and between two that prove who they are (TLS 1.3): the carrier
// `tls`, of the optional library `signet::tls`, which needs OpenSSL. Link it, and say who you are
// and whom you trust; then "tls://host:4711" is an address as any other.
//
//     signet::use_tls({.certificate = "own.pem", .key = "own.key", .authority = "ca.pem"});
//     signet::channel<request, answer> line{"tls://server.example:4711"};
//
// Any thread. What is wrong with a certificate or a key is told by the first connect or listen.
#pragma once

#include <signet/transport/tls/tls_options.hpp>

#include <string>
#include <string_view>

namespace signet {

using transport::tls::tls_options;

/// For all addresses that have no options of their own. Changes nothing for those that are
/// connected or listening already.
void use_tls(const tls_options& options);

/// For one address, "tls://host:4711", written as it will be used. Throws `error` (bad_name).
void use_tls_at(std::string_view address, const tls_options& options);

/// What to pin: the SHA-256 of the public key of the first certificate in `certificate`, which is
/// PEM or the path of a file with it. Throws `error` (bad_option).
std::string tls_pin(const std::string& certificate);

}  // namespace signet
