// SPDX-License-Identifier: Apache-2.0
// Has the conformance suite's ends trust each other, where the carrier `tls` is built: they have
// one certificate, and pin it.
#include <signet/testing/test_certificate.hpp>
#include <signet/tls.hpp>

namespace signet::tests {
namespace {

bool use_own_certificate() {
    const testing::test_certificate own = testing::make_certificate();
    use_tls({.certificate = own.certificate, .key = own.key, .pins = {tls_pin(own.certificate)}});
    return true;
}

[[maybe_unused]] const bool used = use_own_certificate();

}  // namespace
}  // namespace signet::tests
