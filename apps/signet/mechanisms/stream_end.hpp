// SPDX-License-Identifier: Apache-2.0
// An end over a stream of bytes: each message as many bytes as both sides know. Used by one thread.
#pragma once

#include "mechanism.hpp"

#include <signet/error.hpp>
#include <signet/os/stream_io.hpp>

#include <utility>

namespace signet::command {

/// Throws `error` where the other side is gone.
inline void require_moved(os::stream_status status) {
    if (status == os::stream_status::moved) return;
    throw error{errc::peer_died, "exchange messages", {}, "the other process has ended"};
}

/// `Reader` and `Writer` are types of signet/os that read and write all.
template <typename Reader, typename Writer>
class stream_end final : public mechanism_end {
public:
    stream_end(Reader reader, Writer writer)
        : reader_{std::move(reader)}, writer_{std::move(writer)} {}

    void send(std::span<const std::byte> message) override {
        require_moved(writer_.write_all(message, never).status);
    }
    void receive(std::span<std::byte> buffer) override {
        require_moved(reader_.read_all(buffer, never).status);
    }

private:
    Reader reader_;
    Writer writer_;
};

/// The same over one socket.
template <typename Socket>
class socket_end final : public mechanism_end {
public:
    explicit socket_end(Socket socket) : socket_{std::move(socket)} {}

    void send(std::span<const std::byte> message) override {
        require_moved(socket_.write_all(message, never).status);
    }
    void receive(std::span<std::byte> buffer) override {
        require_moved(socket_.read_all(buffer, never).status);
    }

private:
    Socket socket_;
};

}  // namespace signet::command
