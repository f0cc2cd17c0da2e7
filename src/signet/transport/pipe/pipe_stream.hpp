// SPDX-License-Identifier: Apache-2.0
// A stream of bytes over two pipes, one for each direction. One thread may read and one write at
// the same time.
#pragma once

#include <signet/os/pipe.hpp>
#include <signet/transport/byte_stream.hpp>

#include <atomic>
#include <utility>

namespace signet::transport::pipe {

class pipe_stream final : public byte_stream {
public:
    pipe_stream(os::pipe_reader reader, os::pipe_writer writer)
        : reader_{std::move(reader)}, writer_{std::move(writer)}, write_fd_{writer_.fd()} {}

    os::stream_result read_some(std::span<std::byte> buffer, deadline until) override {
        return reader_.read_some(buffer, until);
    }
    os::stream_result write_some(std::span<const std::byte> bytes, deadline until) override {
        return writer_.write_some(bytes, until);
    }
    bool end_writing() override {
        write_fd_.store(-1, std::memory_order_relaxed);  // relaxed: it stands for itself
        writer_.close();
        return true;
    }
    void hold(std::uint64_t bytes) override {
        os::widen_pipe(reader_.fd(), bytes);
        os::widen_pipe(writer_.fd(), bytes);
    }
    peer_identity peer() const override { return {}; }
    int read_fd() const noexcept override { return reader_.fd(); }

    /// -1 after end_writing(), which may run while the other thread asks.
    int write_fd() const noexcept override {
        return write_fd_.load(std::memory_order_relaxed);  // relaxed: as above
    }

private:
    os::pipe_reader reader_;
    os::pipe_writer writer_;
    std::atomic<int> write_fd_;
};

}  // namespace signet::transport::pipe
