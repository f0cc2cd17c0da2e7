// SPDX-License-Identifier: Apache-2.0
#include <signet/os/pipe_splice.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

namespace signet::os {
namespace {

// Ready at one side only is no news; so both are waited for, one after the other.
bool wait_both(int from, int to, deadline until) {
    if (until == deadline::min()) return false;
    return (from < 0 || wait_readable(from, until)) && wait_writable(to, until);
}

// EINTR: nothing was moved. Without a source (-1) only the target is waited for.
template <typename Move>
stream_result move_some(const char* operation, int from, int to, deadline until, Move move) {
    const sigpipe_guard guard;
    while (true) {
        const long result = move();
        if (result == -EINTR) continue;
        if (result == -EAGAIN) {
            if (!wait_both(from, to, until)) return {stream_status::timed_out, 0};
            continue;
        }
        if (result == 0 || result == -EPIPE) return {stream_status::ended, 0};
        if (result == -ECONNRESET) return {stream_status::reset, 0};
        check(result, operation);
        return {stream_status::moved, static_cast<std::size_t>(result)};
    }
}

stream_result splice(int from, int to, std::size_t bytes, deadline until) {
    if (bytes == 0) return {};
    return move_some("splice", from, to, until, [&] {
        return call(SYS_splice, from, nullptr, to, nullptr, bytes, SPLICE_F_NONBLOCK);
    });
}

}  // namespace

stream_result splice_from(pipe_reader& from, int to, std::size_t bytes, deadline until) {
    return splice(from.fd(), to, bytes, until);
}

stream_result splice_into(int from, pipe_writer& to, std::size_t bytes, deadline until) {
    return splice(from, to.fd(), bytes, until);
}

stream_result tee(pipe_reader& from, pipe_writer& to, std::size_t bytes, deadline until) {
    if (bytes == 0) return {};
    return move_some("tee", from.fd(), to.fd(), until,
                     [&] { return call(SYS_tee, from.fd(), to.fd(), bytes, SPLICE_F_NONBLOCK); });
}

stream_result vmsplice(pipe_writer& to, std::span<const std::byte> bytes, deadline until) {
    if (bytes.empty()) return {};
    const iovec one{const_cast<std::byte*>(bytes.data()), bytes.size()};
    return move_some("vmsplice", -1, to.fd(), until,
                     [&] { return call(SYS_vmsplice, to.fd(), &one, 1, SPLICE_F_NONBLOCK); });
}

}  // namespace signet::os
