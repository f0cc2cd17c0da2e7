// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/test_certificate.hpp>

#include <signet/transport/tls/tls_handles.hpp>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace signet::testing {
namespace {

using namespace transport::tls;

void require(bool done) {
    if (!done) throw std::runtime_error{"make a certificate: " + last_reason()};
}

std::string text_of(BIO* bio) {
    std::string text(BIO_ctrl_pending(bio), '\0');
    std::size_t got = 0;
    require(BIO_read_ex(bio, text.data(), text.size(), &got) == 1);
    return text;
}

bio_handle memory(const std::string& text = {}) {
    return bio_handle{text.empty() ? BIO_new(BIO_s_mem())
                                   : BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

void extend(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const one = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    require(one != nullptr && X509_add_ext(certificate, one, -1) == 1);
    X509_EXTENSION_free(one);
}

x509_handle blank(const certificate_wish& wish, EVP_PKEY* key) {
    static std::atomic<long> serial{1};
    x509_handle made{X509_new()};
    X509_set_version(made.get(), 2);
    // relaxed: a count alone
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()),
                     serial.fetch_add(1, std::memory_order_relaxed));
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.seconds_left);
    X509_NAME* const name = X509_get_subject_name(made.get());
    const auto* const bytes = reinterpret_cast<const unsigned char*>(wish.subject.c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes, -1, -1, 0);
    require(X509_set_pubkey(made.get(), key) == 1);
    if (!wish.names.empty()) extend(made.get(), NID_subject_alt_name, wish.names);
    if (wish.by == nullptr) extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    return made;
}

void sign(X509* made, EVP_PKEY* own, const test_certificate* by) {
    if (by == nullptr) {
        X509_set_issuer_name(made, X509_get_subject_name(made));
        return require(X509_sign(made, own, EVP_sha256()) != 0);
    }
    const bio_handle certificate = memory(by->certificate);
    const bio_handle key_text = memory(by->key);
    const x509_handle issuer{PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr)};
    const key_handle key{PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr)};
    X509_set_issuer_name(made, X509_get_subject_name(issuer.get()));
    require(X509_sign(made, key.get(), EVP_sha256()) != 0);
}

}  // namespace

test_certificate make_certificate(const certificate_wish& wish) {
    const key_handle key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
    require(key != nullptr);
    const x509_handle made = blank(wish, key.get());
    sign(made.get(), key.get(), wish.by);
    const bio_handle certificate = memory();
    const bio_handle key_text = memory();
    require(PEM_write_bio_X509(certificate.get(), made.get()) == 1);
    require(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                     nullptr) == 1);
    return {text_of(certificate.get()), text_of(key_text.get())};
}

}  // namespace signet::testing
