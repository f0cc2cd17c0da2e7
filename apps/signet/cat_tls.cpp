// SPDX-License-Identifier: Apache-2.0
#include "cat_tls.hpp"

#include <signet/tls.hpp>

#include <memory>

namespace signet::command {

std::function<void()> add_tls_options(command_line app) {
    auto chosen = std::make_shared<tls_options>();
    const option certificate =
        app.add_option("--tls-certificate", chosen->certificate, "Ours, a PEM file; for tls://")
            .type_name("FILE");
    app.add_option("--tls-key", chosen->key, "Its private key, a PEM file")
        .type_name("FILE")
        .needs(certificate);
    app.add_option("--tls-authority", chosen->authority, "Who signs those we trust, a PEM file")
        .type_name("FILE")
        .needs(certificate);
    app.add_option("--tls-pin", chosen->pins, "The SHA-256 of a key we trust, in hexadecimal")
        .needs(certificate);
    app.add_option("--tls-name", chosen->expected_name, "Whose certificate it must be")
        .needs(certificate);
    return [chosen, certificate] {
        if (certificate.given()) use_tls(*chosen);
    };
}

}  // namespace signet::command
