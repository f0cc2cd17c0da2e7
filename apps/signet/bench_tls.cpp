// SPDX-License-Identifier: Apache-2.0
#include "bench_tls.hpp"

#include <signet/tls.hpp>
#include <signet/transport/tls/tls_handles.hpp>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdexcept>
#include <string>

namespace signet::command {
namespace {

using namespace transport::tls;

void require(bool done) {
    if (!done) throw std::runtime_error{"make a certificate: " + last_reason()};
}

template <class Write>
std::string pem_by(Write write) {
    const bio_handle memory{BIO_new(BIO_s_mem())};
    require(write(memory.get()) == 1);
    std::string text(BIO_ctrl_pending(memory.get()), '\0');
    std::size_t got = 0;
    require(BIO_read_ex(memory.get(), text.data(), text.size(), &got) == 1);
    return text;
}

// One that a pin alone is to name has no names.
x509_handle certificate_of(EVP_PKEY* key) {
    x509_handle made{X509_new()};
    X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    require(X509_set_pubkey(made.get(), key) == 1);
    require(X509_sign(made.get(), key, EVP_sha256()) != 0);
    return made;
}

}  // namespace

bool become_somebody_over_tls() {
    const key_handle key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
    require(key != nullptr);
    const x509_handle made = certificate_of(key.get());
    const std::string certificate =
        pem_by([&](BIO* to) { return PEM_write_bio_X509(to, made.get()); });
    const std::string secret = pem_by([&](BIO* to) {
        return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    use_tls({.certificate = certificate, .key = secret, .pins = {tls_pin(certificate)}});
    return true;
}

}  // namespace signet::command
