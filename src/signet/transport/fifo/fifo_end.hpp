// SPDX-License-Identifier: Apache-2.0
// A stream of bytes over two named pipes, one for each direction, which both ends have opened or
// are about to. The end is seen when the last writer has gone that was there since we opened. One
// thread may read and one write at the same time.
#pragma once

#include <signet/os/fifo.hpp>
#include <signet/os/pipe.hpp>
#include <signet/transport/byte_stream.hpp>

#include <atomic>
#include <optional>
#include <utility>

namespace signet::transport::fifo {

class fifo_end : public byte_stream {
public:
    /// The reader is one with `when_writers_go::end`.
    fifo_end(os::fifo_reader reader, os::fifo_writer writer)
        : reader_{std::move(reader)}, writer_{std::move(writer)}, write_fd_{writer_->fd()} {}

    /// Keeps what we write from being refused before the other end has opened to read it.
    void hold_open(os::fifo_reader other_end) { held_.emplace(std::move(other_end)); }
    void let_go() { held_.reset(); }

    os::stream_result read_some(std::span<std::byte> buffer, deadline until) override {
        return reader_.read_some(buffer, until);
    }
    os::stream_result write_some(std::span<const std::byte> bytes, deadline until) override {
        return writer_->write_some(bytes, until);
    }
    bool end_writing() override;
    void hold(std::uint64_t bytes) override {
        os::widen_pipe(reader_.fd(), bytes);
        os::widen_pipe(writer_->fd(), bytes);
    }
    peer_identity peer() const override { return {}; }
    int read_fd() const noexcept override { return reader_.fd(); }

    /// -1 after end_writing(), which may run while the other thread asks.
    int write_fd() const noexcept override {
        return write_fd_.load(std::memory_order_relaxed);  // relaxed: it stands for itself
    }

protected:
    const os::fifo_writer& writer() const noexcept { return *writer_; }

private:
    os::fifo_reader reader_;
    std::optional<os::fifo_reader> held_;
    std::optional<os::fifo_writer> writer_;
    std::atomic<int> write_fd_;
};

}  // namespace signet::transport::fifo
