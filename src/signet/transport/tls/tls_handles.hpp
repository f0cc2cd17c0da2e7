// SPDX-License-Identifier: Apache-2.0
// OpenSSL's objects, each with its owner, and what its queue of errors says. Any thread; the queue
// is the thread's own.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace signet::transport::tls {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* one) const noexcept {
        Free(one);
    }
};

using bio_handle = std::unique_ptr<BIO, freed_by<BIO_free>>;
using x509_handle = std::unique_ptr<X509, freed_by<X509_free>>;
using key_handle = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using ssl_handle = std::unique_ptr<SSL, freed_by<SSL_free>>;
using context_handle = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;

/// The reason of the last error in this thread, which is forgotten with those before it.
inline std::string last_reason() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "OpenSSL does not say why" : reason;
}

}  // namespace signet::transport::tls
