// SPDX-License-Identifier: Apache-2.0
// A TCP connection with TLS on it, as a stream of bytes. Thread safety: that of byte_stream.
// Invariants:
//   1. The session is used with `guard_` held, which is held over no wait.
//   2. What the session gives out goes to the peer in order: by who holds `writing_`.
//   3. A record that was made is not taken back. Where it does not go out whole in time, its last
//      byte is not reported as written, so that the caller comes back for it (`held_`).
#pragma once

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/transport/byte_stream.hpp>
#include <signet/transport/tcp/tcp_end.hpp>
#include <signet/transport/tls/tls_session.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::tls {

class tls_stream final : public byte_stream {
public:
    tls_stream(std::unique_ptr<tcp::tcp_end> below, tls_session session, std::string name);

    /// Agrees with the peer on everything. Throws `error`: untrusted, refused, peer_misbehaved,
    /// timed_out.
    void shake_hands(deadline until);

    /// The same without waiting. True: it is decided; where it went wrong, the first use tells.
    bool try_shake_hands();

    /// It took too long; the first use tells.
    void give_up();

    os::stream_result read_some(std::span<std::byte> buffer, deadline until) override;
    os::stream_result write_some(std::span<const std::byte> bytes, deadline until) override;
    bool end_writing() override;
    peer_identity peer() const override;
    int read_fd() const noexcept override;
    int write_fd() const noexcept override { return below_->write_fd(); }
    bool has_read_ahead() const noexcept override;

private:
    bool go_on(deadline until);
    void fail(const error& why);
    void require_good() const;
    tls_step read_session(std::span<std::byte> buffer, std::size_t& bytes);
    os::stream_status read_below(deadline until);
    os::stream_status flush(deadline until);
    void flush_if_free();

    std::unique_ptr<tcp::tcp_end> below_;
    std::string name_;

    mutable std::mutex guard_;
    tls_session session_;
    std::optional<error> failed_;
    std::optional<os::event> told_;  ///< readable from the beginning: it failed before its use

    std::vector<std::byte> input_;  ///< the reading thread's

    std::mutex writing_;
    std::vector<std::byte> output_;
    std::size_t output_begin_ = 0;
    bool held_ = false;
};

}  // namespace signet::transport::tls
