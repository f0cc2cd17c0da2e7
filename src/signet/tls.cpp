// SPDX-License-Identifier: Apache-2.0
#include <signet/tls.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/face/carriers.hpp>
#include <signet/transport/tls/tls_carrier.hpp>
#include <signet/transport/tls/tls_context.hpp>

/// Whoever links the library asks for this name, and so gets the carrier (CMakeLists.txt).
extern "C" const bool signet_tls_is_there;
const bool signet_tls_is_there = signet::face::add_carrier(signet::transport::tls::the_carrier());

namespace signet {

void use_tls(const tls_options& options) {
    transport::tls::set_options({}, options);
}

void use_tls_at(std::string_view address, const tls_options& options) {
    const signet::address at = split_address(address);
    if (at.scheme != "tls") throw error{errc::bad_name, "use TLS at", address, "it is no tls://"};
    transport::tls::set_options(at.name, options);
}

std::string tls_pin(const std::string& certificate) {
    return transport::tls::pin_of(certificate);
}

}  // namespace signet
