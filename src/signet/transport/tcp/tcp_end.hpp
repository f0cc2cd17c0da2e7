// SPDX-License-Identifier: Apache-2.0
// A TCP connection and a TCP port as the carriers `tcp` and `tls` use them: who is there, small
// messages without delay, and a network that is cut noticed. Thread safety: one thread may read and
// one write an end at the same time.
#pragma once

#include <signet/life/fork_ledger.hpp>
#include <signet/os/tcp_listener.hpp>
#include <signet/os/tcp_socket.hpp>
#include <signet/transport/byte_stream.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/tcp/tcp_name.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace signet::transport::tcp {

/// A cut network is noticed within some 30 seconds, whoever of the two waits for the other: by
/// probes while nothing is under way, by repetitions that are not acknowledged while something is
/// (before Linux 6.15 that takes 15 minutes). A peer that lives and does not read is never given
/// up; that is why it is not the user timeout of TCP, which cannot tell the two apart.
inline constexpr os::keep_alive probes{
    .idle = std::chrono::seconds{10}, .interval = std::chrono::seconds{5}, .count = 4};
inline constexpr std::chrono::milliseconds repeated_within{2000};

class tcp_end final : public byte_stream {
public:
    explicit tcp_end(os::tcp_socket connected);

    /// Connects within `options.handshake_limit`. Throws `error`.
    static std::unique_ptr<tcp_end> connect(const tcp_name& to, deadline until);

    /// As byte_stream has them; a cut network is an `error` (peer_died), each time.
    os::stream_result read_some(std::span<std::byte> buffer, deadline until) override;
    os::stream_result write_some(std::span<const std::byte> bytes, deadline until) override;

    bool end_writing() override { return socket_.end_writing(); }
    peer_identity peer() const override { return {.address = peer_}; }
    int read_fd() const noexcept override { return socket_.fd(); }
    int write_fd() const noexcept override { return socket_.fd(); }

private:
    template <class Move>
    os::stream_result move(Move one);

    os::tcp_socket socket_;
    std::string peer_;              ///< empty: it was gone before it was asked for
    std::atomic<bool> cut_{false};  ///< by whichever thread the kernel told first
};

/// A port, and the text of its address.
class tcp_door {
public:
    /// Throws `error`: taken, not an address of this machine, no rights. With name_use::shared the
    /// kernel spreads who connects over all doors of this user that have the port so.
    tcp_door(const tcp_name& at, const channel_options& options);

    /// The next one who connects; null: the patience ended.
    std::unique_ptr<tcp_end> accept(const patience& limit);

    const std::string& text() const noexcept { return text_; }
    int fd() const noexcept { return listener_.fd(); }

private:
    os::tcp_listener listener_;
    std::optional<life::closed_in_forked_child> in_child_;  ///< of one that is shared
    std::string text_;
    stop_bell bell_;
};

}  // namespace signet::transport::tcp
