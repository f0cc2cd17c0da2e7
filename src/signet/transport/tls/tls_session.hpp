// SPDX-License-Identifier: Apache-2.0
// TLS between two buffers: what came from the peer is given, what is to go there is taken. Knows no
// sockets and never waits. One thread at a time.
#pragma once

#include <signet/transport/tls/tls_context.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::tls {

/// The most that one record carries.
inline constexpr std::size_t record_bytes_max = 16384;

enum class tls_role { connects, accepts };

enum class tls_step {
    done,
    needs_input,  ///< more has to come from the peer
    closed,       ///< the peer ended its direction in order
};

class tls_session {
public:
    /// `expected_name` is what a certificate must be for, where the options do not say; empty: any.
    tls_session(std::shared_ptr<const tls_context> context, tls_role role,
                const std::string& expected_name);

    /// Goes as far as it can. Throws `error`: untrusted, refused by the peer, peer_misbehaved; an
    /// alert for the peer is then to be taken.
    tls_step handshake();

    /// Reads what can be; done: `bytes` were put into `into`. Throws `error` likewise.
    tls_step read(std::span<std::byte> into, std::size_t& bytes);

    /// At most record_bytes_max.
    void write(std::span<const std::byte> bytes);

    /// Says that nothing more will be written.
    void close();

    void give(std::span<const std::byte> from_peer);

    /// Puts what is to go to the peer at the end of `to`.
    void take(std::vector<std::byte>& to);

    /// Whether something was given that was not read yet.
    bool has_input() const;

    /// The subject of the peer's certificate: "CN=pump.example".
    std::string peer_subject() const;

private:
    void say_name(std::string name);
    void expect(const std::string& name);
    [[noreturn]] void complain();
    [[noreturn]] void complain_of_peer(long verdict);

    std::shared_ptr<const tls_context> context_;
    ssl_handle ssl_;
    BIO* from_peer_;  ///< the session owns both
    BIO* to_peer_;
};

}  // namespace signet::transport::tls
