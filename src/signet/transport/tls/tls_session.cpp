// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_session.hpp>

#include <signet/base/error.hpp>

#include <openssl/x509v3.h>

#include <array>
#include <new>
#include <utility>

namespace signet::transport::tls {
namespace {

constexpr std::string_view operation = "talk TLS at";

BIO* memory() {
    BIO* const bio = BIO_new(BIO_s_mem());
    if (bio == nullptr) throw std::bad_alloc{};
    BIO_set_mem_eof_return(bio, -1);  // nothing there yet is not the end
    return bio;
}

bool is_number(const std::string& name) {
    return name.find(':') != std::string::npos ||
           name.find_first_not_of("0123456789.") == std::string::npos;
}

// What plain text, or another protocol, looks like to TLS.
bool is_no_tls(int reason) {
    constexpr std::array reasons{
        SSL_R_WRONG_VERSION_NUMBER,   SSL_R_HTTP_REQUEST,       SSL_R_HTTPS_PROXY_REQUEST,
        SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_UNEXPECTED_MESSAGE, SSL_R_RECORD_LENGTH_MISMATCH,
        SSL_R_BAD_RECORD_TYPE,        SSL_R_BAD_PACKET,         SSL_R_UNSUPPORTED_SSL_VERSION};
    for (const int one : reasons) {
        if (one == reason) return true;
    }
    return false;
}

}  // namespace

tls_session::tls_session(std::shared_ptr<const tls_context> context, tls_role role,
                         const std::string& expected_name)
    : context_{std::move(context)}, ssl_{SSL_new(context_->get())} {
    if (!ssl_) throw std::bad_alloc{};
    from_peer_ = memory();
    to_peer_ = memory();
    SSL_set_bio(ssl_.get(), from_peer_, to_peer_);
    const std::string& chosen = context_->options().expected_name;
    const std::string& name = chosen.empty() ? expected_name : chosen;
    if (context_->asks_authority() && !name.empty()) expect(name);
    if (role == tls_role::connects) {
        if (!name.empty() && !is_number(name)) say_name(name);
        SSL_set_connect_state(ssl_.get());
    } else {
        SSL_set_accept_state(ssl_.get());
    }
}

// What SSL_set_tlsext_host_name does, whose macro casts the old way.
void tls_session::say_name(std::string name) {
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

void tls_session::expect(const std::string& name) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl_.get());
    const bool right = is_number(name)
                           ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1
                           : X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1;
    if (right) return;
    throw error{errc::bad_option, operation, context_->name(),
                "no certificate can be for '" + name + "'"};
}

tls_step tls_session::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return tls_step::done;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return tls_step::needs_input;
    complain();
}

tls_step tls_session::read(std::span<std::byte> into, std::size_t& bytes) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    if (result == 1) return tls_step::done;
    bytes = 0;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: return tls_step::needs_input;
        case SSL_ERROR_ZERO_RETURN: return tls_step::closed;
        default: complain();
    }
}

// What goes to memory is taken whole.
void tls_session::write(std::span<const std::byte> bytes) {
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) != 1) complain();
}

void tls_session::close() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // a connection that failed has nothing to say any more
    ERR_clear_error();
}

void tls_session::give(std::span<const std::byte> from_peer) {
    std::size_t taken = 0;
    if (BIO_write_ex(from_peer_, from_peer.data(), from_peer.size(), &taken) != 1) {
        throw std::bad_alloc{};
    }
}

void tls_session::take(std::vector<std::byte>& to) {
    const std::size_t bytes = BIO_ctrl_pending(to_peer_);
    if (bytes == 0) return;
    const std::size_t before = to.size();
    to.resize(before + bytes);
    std::size_t got = 0;
    BIO_read_ex(to_peer_, to.data() + before, bytes, &got);
    to.resize(before + got);
}

bool tls_session::has_input() const {
    return SSL_has_pending(ssl_.get()) == 1 || BIO_ctrl_pending(from_peer_) != 0;
}

std::string tls_session::peer_subject() const {
    const x509_handle peer{SSL_get1_peer_certificate(ssl_.get())};
    const bio_handle text{BIO_new(BIO_s_mem())};
    if (!peer || !text) return {};
    X509_NAME_print_ex(text.get(), X509_get_subject_name(peer.get()), 0, XN_FLAG_RFC2253);
    std::string subject(BIO_ctrl_pending(text.get()), '\0');
    std::size_t got = 0;
    BIO_read_ex(text.get(), subject.data(), subject.size(), &got);
    return subject;
}

void tls_session::complain() {
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK) complain_of_peer(verdict);
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    const std::string text = last_reason();
    if (reason >= SSL_AD_REASON_OFFSET) {
        throw error{errc::refused, operation, context_->name(),
                    "the other end said: " + text + "; does it trust our certificate?"};
    }
    if (is_no_tls(reason)) {
        throw error{errc::peer_misbehaved, operation, context_->name(),
                    "what the other end sends is not TLS (" + text + ')'};
    }
    throw error{errc::peer_misbehaved, operation, context_->name(), text};
}

void tls_session::complain_of_peer(long verdict) {
    ERR_clear_error();
    const x509_handle peer{SSL_get1_peer_certificate(ssl_.get())};
    std::string why = X509_verify_cert_error_string(verdict);
    if (verdict == X509_V_ERR_APPLICATION_VERIFICATION) why = "its key is not one of the pins";
    throw error{errc::untrusted, operation, context_->name(),
                "the other end's certificate is not accepted: " + why};
}

}  // namespace signet::transport::tls
