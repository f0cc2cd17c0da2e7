// SPDX-License-Identifier: Apache-2.0
// Certificates that a test makes for itself, by OpenSSL; compiled into the
// tests of what needs it. Plain values; any thread.
#pragma once

#include <string>

namespace signet::testing {

struct test_certificate {
    std::string certificate;  ///< PEM
    std::string key;          ///< PEM
};

struct certificate_wish {
    std::string subject = "test";          ///< its common name
    std::string names = "IP:127.0.0.1";    ///< what it is for: "DNS:host,IP:::1"; empty: nothing
    long seconds_left = 3600;              ///< below zero: it has expired
    const test_certificate* by = nullptr;  ///< who signs it; none: itself, as an authority
};

/// Throws std::runtime_error.
test_certificate make_certificate(const certificate_wish& wish = {});

}  // namespace signet::testing
