// SPDX-License-Identifier: Apache-2.0
// Bytes into, out of and between pipes without a copy through this process's memory. The pages are
// moved or shared inside the kernel. Functions without state; any thread. Never SIGPIPE. A deadline
// is for the pipe; a socket or file at the other side waits as its own flags say.
#pragma once

#include <signet/os/pipe.hpp>

namespace signet::os {

/// Moves at most `bytes` from a pipe to `to`: a file, a socket, another pipe. At least one byte
/// (`moved`), or the status says why not. Throws `error`, for a file opened to append among others.
stream_result splice_from(pipe_reader& from, int to, std::size_t bytes, deadline until);

/// Moves at most `bytes` from `from`, a file or socket at its own offset, to a pipe.
stream_result splice_into(int from, pipe_writer& to, std::size_t bytes, deadline until);

/// Gives `to` a copy of the next bytes in `from`, which stay there.
stream_result tee(pipe_reader& from, pipe_writer& to, std::size_t bytes, deadline until);

/// Lends the memory of `bytes` to a pipe: what is changed there before it is read is read changed,
/// so leave it alone until then, and never take such bytes from a stranger without copying them
/// first. At least one byte.
stream_result vmsplice(pipe_writer& to, std::span<const std::byte> bytes, deadline until);

}  // namespace signet::os
