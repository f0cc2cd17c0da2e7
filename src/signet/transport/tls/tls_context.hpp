// SPDX-License-Identifier: Apache-2.0
// What all connections with the same options share: our certificate, and how a peer's is judged.
// Any thread; made for one connect or one listener.
#pragma once

#include <signet/transport/tls/tls_handles.hpp>
#include <signet/transport/tls/tls_options.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace signet::transport::tls {

class tls_context {
public:
    /// `name` is for texts. Throws `error` (bad_option): a certificate or key that is missing, or
    /// cannot be read, or do not belong together; nobody to trust; a pin that is none.
    tls_context(std::string_view name, tls_options options);
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    SSL_CTX* get() const noexcept { return context_.get(); }
    const tls_options& options() const noexcept { return options_; }
    const std::string& name() const noexcept { return name_; }

    /// Whether names and dates matter.
    bool asks_authority() const noexcept { return !options_.authority.empty(); }

    bool is_pinned(X509* certificate) const;

private:
    [[noreturn]] void complain(const std::string& why) const;
    void require_complete();
    void take_certificate();
    void take_key();
    void take_authority();

    std::string name_;
    tls_options options_;
    context_handle context_;
};

/// SHA-256 of the public key of a certificate, in hexadecimal.
std::string pin_of(X509* certificate);

/// The same of the first certificate in a PEM text or file. Throws `error` (bad_option).
std::string pin_of(const std::string& pem);

}  // namespace signet::transport::tls
