// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_context.hpp>

#include <signet/base/error.hpp>

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>

namespace signet::transport::tls {
namespace {

constexpr std::size_t pin_digits = 64;

[[noreturn]] void complain_of(std::string_view name, const std::string& why) {
    throw error{errc::bad_option, "use TLS at", name, why};
}

bool is_text(const std::string& pem) {
    return pem.find("-----BEGIN") != std::string::npos;
}

bio_handle opened(std::string_view name, const std::string& pem, const std::string& what) {
    ERR_clear_error();
    bio_handle bio{is_text(pem) ? BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))
                                : BIO_new_file(pem.c_str(), "r")};
    if (!bio) complain_of(name, what + " '" + pem + "' cannot be read: " + last_reason());
    return bio;
}

// A key with a passphrase must not ask at the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

x509_handle next_certificate(BIO* from) {
    return x509_handle{PEM_read_bio_X509(from, nullptr, no_passphrase, nullptr)};
}

std::vector<x509_handle> certificates_in(std::string_view name, const std::string& pem,
                                         const std::string& what) {
    const bio_handle bio = opened(name, pem, what);
    std::vector<x509_handle> all;
    while (auto one = next_certificate(bio.get())) all.push_back(std::move(one));
    const std::string reason = last_reason();
    if (all.empty()) complain_of(name, what + " holds no certificate in PEM: " + reason);
    return all;
}

std::string plain_pin(std::string pin) {
    std::erase(pin, ':');
    for (char& one : pin) one = static_cast<char>(std::tolower(static_cast<unsigned char>(one)));
    return pin;
}

bool is_pin(const std::string& pin) {
    return pin.size() == pin_digits &&
           pin.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Judges the peer's certificate in place of OpenSSL, whose own judgement is a part of it.
int judge(X509_STORE_CTX* store, void* self) {
    const auto& context = *static_cast<const tls_context*>(self);
    if (context.asks_authority() && X509_verify_cert(store) <= 0) return 0;
    if (context.options().pins.empty() || context.is_pinned(X509_STORE_CTX_get0_cert(store))) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

}  // namespace

tls_context::tls_context(std::string_view name, tls_options options)
    : name_{name}, options_{std::move(options)}, context_{SSL_CTX_new(TLS_method())} {
    require_complete();
    if (!context_) complain("OpenSSL cannot begin: " + last_reason());
    SSL_CTX_set_min_proto_version(get(), TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(get(), 0);  // nothing is resumed: each connection is judged anew
    SSL_CTX_set_verify(get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(get(), judge, this);
    take_certificate();
    take_key();
    if (asks_authority()) take_authority();
}

void tls_context::complain(const std::string& why) const {
    complain_of(name_, why);
}

void tls_context::require_complete() {
    if (options_.certificate.empty() || options_.key.empty()) {
        complain("give a certificate and a key: signet::use_tls({.certificate = …, .key = …, …})");
    }
    if (options_.authority.empty() && options_.pins.empty()) {
        complain("nobody would be trusted: give an authority, or the pins of the peers");
    }
    for (std::string& pin : options_.pins) {
        const std::string given = std::exchange(pin, plain_pin(pin));
        if (!is_pin(pin)) complain("'" + given + "' is no pin: 64 hexadecimal digits");
    }
}

void tls_context::take_certificate() {
    const auto all = certificates_in(name_, options_.certificate, "our certificate");
    bool taken = SSL_CTX_use_certificate(get(), all.front().get()) == 1;
    for (std::size_t i = 1; i < all.size(); ++i) {
        taken = taken && SSL_CTX_add1_chain_cert(get(), all[i].get()) == 1;
    }
    if (!taken) complain("our certificate cannot be used: " + last_reason());
}

void tls_context::take_key() {
    const bio_handle bio = opened(name_, options_.key, "our key");
    const key_handle key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)};
    if (!key) complain("our key cannot be read (one with a passphrase cannot): " + last_reason());
    if (SSL_CTX_use_PrivateKey(get(), key.get()) != 1 || SSL_CTX_check_private_key(get()) != 1) {
        complain("our key does not belong to our certificate: " + last_reason());
    }
}

void tls_context::take_authority() {
    X509_STORE* const store = SSL_CTX_get_cert_store(get());
    for (const auto& one : certificates_in(name_, options_.authority, "the authority")) {
        if (X509_STORE_add_cert(store, one.get()) != 1) {
            complain("the authority cannot be used: " + last_reason());
        }
    }
}

bool tls_context::is_pinned(X509* certificate) const {
    const std::string pin = pin_of(certificate);
    return std::find(options_.pins.begin(), options_.pins.end(), pin) != options_.pins.end();
}

std::string pin_of(X509* certificate) {
    unsigned char* key = nullptr;
    const int bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    const bool hashed = bytes > 0 && EVP_Digest(key, static_cast<std::size_t>(bytes), hash.data(),
                                                &length, EVP_sha256(), nullptr) == 1;
    OPENSSL_free(key);
    std::string text;
    for (unsigned i = 0; hashed && i < length; ++i) {
        text += "0123456789abcdef"[hash[i] >> 4];
        text += "0123456789abcdef"[hash[i] & 15];
    }
    return text;
}

std::string pin_of(const std::string& pem) {
    return pin_of(certificates_in("tls://", pem, "the certificate").front().get());
}

}  // namespace signet::transport::tls
