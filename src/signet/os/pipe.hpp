// SPDX-License-Identifier: Apache-2.0
// The anonymous pipe: bytes in one direction, between processes that inherit or are given its ends.
// In packet mode what was written at once is read at once. Each end belongs to one thread at a
// time. The reader sees the end when every holder of a writer has closed it or died, forked
// children included, having read all that was written before; a record cut off by a killed writer
// is for the reader to notice. The writer of a pipe without readers is told so (`ended`), never
// killed by SIGPIPE (pipe_io.hpp); what was not read then is lost. A pipe leaves nothing behind.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/pipe_io.hpp>

#include <cstddef>
#include <span>

namespace signet::os {

enum class pipe_mode {
    bytes,    ///< a stream without boundaries
    packets,  ///< each write is one packet of at most `pipe_atomic_bytes` bytes
};

struct packet_result {
    stream_status status = stream_status::moved;
    std::size_t bytes = 0;   ///< how much of the buffer was filled
    bool truncated = false;  ///< the packet was longer than the buffer; the rest is lost
};

/// What `set_capacity` may ask for without privilege (/proc/sys/fs/pipe-max-size).
std::size_t pipe_capacity_max();

/// Has the pipe behind `fd`, also a named one, hold at least `bytes`, or as it was where the system
/// does not allow that. A user with many large pipes gets 8192 for new ones.
void widen_pipe(int fd, std::size_t bytes) noexcept;

/// What both ends have in common: the buffer between them.
class pipe_end {
public:
    /// How many bytes it holds. A user with many large pipes gets 8192 for new ones, not 65536
    /// (/proc/sys/fs/pipe-user-pages-soft). In packet mode each packet takes a page. Throws
    /// `error`.
    std::size_t capacity() const;

    /// Makes it hold at least `bytes`; returns how many. Throws `error` above the limit, which the
    /// text names, and where it holds more than that unread.
    std::size_t set_capacity(std::size_t bytes);

    /// How many bytes wait to be read. Throws `error`.
    std::size_t unread_bytes() const;

    /// To watch, or to give to a child (`spawn_options`). Valid as long as this object.
    int fd() const noexcept { return handle_.get(); }

    /// Closes it. Throws nothing: a pipe has nothing to write out.
    void close() noexcept { handle_ = {}; }

protected:
    pipe_end(descriptor handle, pipe_mode mode) noexcept
        : handle_{std::move(handle)}, mode_{mode} {}

    void require(pipe_mode wanted) const;

private:
    descriptor handle_;
    pipe_mode mode_;
};

class pipe_reader : public pipe_end {
public:
    /// Takes over the reading end of a pipe, such as a standard input that was duplicated. Throws
    /// `error` where it is something else.
    static pipe_reader adopt(descriptor handle, pipe_mode mode = pipe_mode::bytes);

    /// See stream_io.hpp; for `pipe_mode::bytes`, otherwise a contract_violation.
    stream_result read_some(std::span<std::byte> buffer, deadline until);
    stream_result read_all(std::span<std::byte> buffer, deadline until);

    /// Takes the next packet; for `pipe_mode::packets`, otherwise a contract_violation.
    packet_result read_packet(std::span<std::byte> buffer, deadline until);

private:
    using pipe_end::pipe_end;
    friend struct pipe_ends;
};

class pipe_writer : public pipe_end {
public:
    /// As for a reader. Its mode is asked from the kernel.
    static pipe_writer adopt(descriptor handle);

    /// See stream_io.hpp; for `pipe_mode::bytes`. Up to `pipe_atomic_bytes` stay together where
    /// several write.
    stream_result write_some(std::span<const std::byte> bytes, deadline until);
    stream_result write_all(std::span<const std::byte> bytes, deadline until);

    /// Writes a packet of 1 to `pipe_atomic_bytes` bytes (else contract_violation): all or nothing.
    stream_result write_packet(std::span<const std::byte> packet, deadline until);

private:
    using pipe_end::pipe_end;
    friend struct pipe_ends;
};

/// A pipe: what is written to `writer` is read from `reader`.
struct pipe_ends {
    pipe_reader reader;
    pipe_writer writer;

    /// Throws `error` at the limit of open files.
    static pipe_ends create(pipe_mode mode = pipe_mode::bytes);
};

}  // namespace signet::os
