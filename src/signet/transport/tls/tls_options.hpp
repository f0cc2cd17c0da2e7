// SPDX-License-Identifier: Apache-2.0
// Who we are and whom we trust, in a TLS connection. A plain value.
#pragma once

#include <string>
#include <vector>

namespace signet::transport::tls {

/// Both ends prove who they are. Certificates and keys are PEM: the text itself ("-----BEGIN …"),
/// or the path of a file that has it, which is read again for each connect and listen.
struct tls_options {
    /// Our certificate, and behind it those that lead to its authority.
    std::string certificate{};

    /// Its private key, without a passphrase.
    std::string key{};

    /// Who must have signed the peer's certificate; empty: pins alone decide.
    std::string authority{};

    /// The name or number that the peer's certificate must be for. Empty: to who connects, that of
    /// the address, and any to who listens. Where pins alone decide, names do not matter.
    std::string expected_name{};

    /// The peer's key must be one of these: the SHA-256 of its public key, in hexadecimal, as
    /// `tls_pin` tells it. Empty: the authority alone decides. With both, both must agree. Where
    /// pins alone decide, neither do the dates of the certificate matter.
    std::vector<std::string> pins{};
};

}  // namespace signet::transport::tls
