// SPDX-License-Identifier: Apache-2.0
// Reading and writing a pipe once. Whether a call waits is said call by call (RWF_NOWAIT), since
// the non-blocking flag belongs to everybody who holds the descriptor, such as a child whose
// standard output it is. A write never raises SIGPIPE: the process ignores it, or the kernel is
// asked not to raise it (Linux 6.18), or it is blocked in this thread around the write and taken
// back. Any thread.
#pragma once

#include <signet/os/signal.hpp>
#include <signet/os/stream_io.hpp>

namespace signet::os {

/// What the kernel writes to a pipe at once, without another writer's bytes between (PIPE_BUF).
inline constexpr std::size_t pipe_atomic_bytes = 4096;

/// For pipes. Before Linux 6.4, a call that may not wait moves at most `pipe_atomic_bytes`, and
/// waits all the same where another thread or process takes the room or the bytes first.
extern const stream_calls pipe_calls;

/// For descriptors that are non-blocking and nobody else's, such as those of named pipes.
extern const stream_calls nonblocking_pipe_calls;

/// Has this process ignore SIGPIPE. A write that may wait, or to a named pipe, is the plain call
/// then, which is the fastest: 100 ns faster than one that asks for no signal (measured: Linux
/// 6.18), and one system call instead of five before Linux 6.18. Call it before other threads run,
/// and leave the signal ignored: set to its default again, it kills who writes to a dead process.
/// Children by `spawn` do not inherit it. Throws `error`.
void ignore_sigpipe();

/// Keeps a SIGPIPE that this thread is about to raise from being delivered.
class sigpipe_guard {
public:
    sigpipe_guard();
    sigpipe_guard(const sigpipe_guard&) = delete;
    sigpipe_guard& operator=(const sigpipe_guard&) = delete;

    /// Takes back what was raised meanwhile, but not one that was pending before.
    ~sigpipe_guard();

private:
    bool pending_before_;
    blocked_signals blocked_;
};

}  // namespace signet::os
