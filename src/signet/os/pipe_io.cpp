// SPDX-License-Identifier: Apache-2.0
#include <signet/os/pipe_io.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace signet::os {
namespace {

constexpr int no_signal = 0x100;  // RWF_NOSIGNAL, of Linux 6.18
constexpr long no_offset = -1;
constexpr std::array sigpipe{SIGPIPE};
constexpr std::uint64_t sigpipe_mask = std::uint64_t{1} << (SIGPIPE - 1);

std::atomic<bool> sigpipe_is_ignored{false};

bool is_sigpipe_pending() {
    std::uint64_t pending = 0;
    check(call(SYS_rt_sigpending, &pending, sizeof pending), "look at pending signals");
    return (pending & sigpipe_mask) != 0;
}

long vector_call(long number, int fd, const void* bytes, std::size_t count, int flags) {
    const iovec one{const_cast<void*>(bytes), count};
    return call(number, fd, &one, 1, no_offset, no_offset, flags);
}

long write_guarded(int fd, std::span<const std::byte> bytes) {
    const sigpipe_guard guard;
    return call(SYS_write, fd, bytes.data(), bytes.size());
}

long write_without_signal(int fd, std::span<const std::byte> bytes) {
    // relaxed: it says what the kernel does, and publishes nothing
    if (sigpipe_is_ignored.load(std::memory_order_relaxed)) {
        return call(SYS_write, fd, bytes.data(), bytes.size());
    }
    const long result = vector_call(SYS_pwritev2, fd, bytes.data(), bytes.size(), no_signal);
    return result == -EOPNOTSUPP ? write_guarded(fd, bytes) : result;
}

// There is room for one page at least when a pipe is writable, so so much is written at once.
long write_when_ready(int fd, std::span<const std::byte> bytes) {
    if (!wait_writable(fd, deadline::min())) return -EAGAIN;
    return write_without_signal(fd, bytes.first(std::min(bytes.size(), pipe_atomic_bytes)));
}

long write_pipe(int fd, std::span<const std::byte> bytes, waiting wait) {
    if (wait == waiting::yes) return write_without_signal(fd, bytes);
    // relaxed: as above
    const int silent = sigpipe_is_ignored.load(std::memory_order_relaxed) ? 0 : no_signal;
    const long result =
        vector_call(SYS_pwritev2, fd, bytes.data(), bytes.size(), silent | RWF_NOWAIT);
    return result == -EOPNOTSUPP ? write_when_ready(fd, bytes) : result;
}

long read_plainly(int fd, std::span<std::byte> buffer, waiting) {
    return call(SYS_read, fd, buffer.data(), buffer.size());
}

long read_pipe(int fd, std::span<std::byte> buffer, waiting wait) {
    if (wait == waiting::yes) return read_plainly(fd, buffer, wait);
    const long result = vector_call(SYS_preadv2, fd, buffer.data(), buffer.size(), RWF_NOWAIT);
    if (result != -EOPNOTSUPP) return result;
    return wait_readable(fd, deadline::min()) ? read_plainly(fd, buffer, wait) : -EAGAIN;
}

long write_plainly(int fd, std::span<const std::byte> bytes, waiting) {
    return write_without_signal(fd, bytes);
}

}  // namespace

constinit const stream_calls pipe_calls{&read_pipe, &write_pipe, "pipe"};
constinit const stream_calls nonblocking_pipe_calls{&read_plainly, &write_plainly, "named pipe"};

void ignore_sigpipe() {
    check(set_disposition(SIGPIPE, disposition::ignored), "ignore SIGPIPE");
    sigpipe_is_ignored.store(true, std::memory_order_relaxed);  // relaxed: as above
}

sigpipe_guard::sigpipe_guard() : pending_before_{is_sigpipe_pending()}, blocked_{sigpipe} {}

sigpipe_guard::~sigpipe_guard() {
    const timespec at_once{};
    // EINTR: another signal came first; the one that is looked for is still pending
    if (!pending_before_) {
        call_uninterrupted(SYS_rt_sigtimedwait, &sigpipe_mask, nullptr, &at_once,
                           sizeof sigpipe_mask);
    }
}

}  // namespace signet::os
