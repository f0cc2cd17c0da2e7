// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file_lock.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include <limits>
#include <string>
#include <utility>

namespace signet::os {
namespace {

constexpr std::uint64_t position_max = std::numeric_limits<off_t>::max();

const char* lock_advice(long result) {
    switch (result) {
        case -EBADF: return "an exclusive lock of a range needs a file that is open for writing";
        case -ENOLCK: return "the system has no lock left; let others go, or end processes";
        case -EOPNOTSUPP:
        case -EINVAL: return "its file system has no such locks; use one that has";
        default: return "";
    }
}

void check_lock(long result, const file& of) {
    check(result, "lock", of.path(), result < 0 ? lock_advice(result) : "");
}

int operation_of(lock_kind kind) {
    return kind == lock_kind::shared ? LOCK_SH : LOCK_EX;
}

struct flock as_kernel_range(short type, byte_range range) {
    if (range.position > position_max || range.bytes > position_max - range.position) {
        throw contract_violation{"a range to lock leaves what a file can be"};
    }
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(range.position);
    lock.l_len = static_cast<off_t>(range.bytes);
    return lock;
}

short type_of(lock_kind kind) {
    return kind == lock_kind::shared ? F_RDLCK : F_WRLCK;
}

}  // namespace

std::optional<file_lock> file_lock::try_take(const file& of, lock_kind kind) {
    // EINTR: where it does not wait, an interrupted call has taken nothing.
    const long result = call_uninterrupted(SYS_flock, of.fd(), operation_of(kind) | LOCK_NB);
    if (result == -EWOULDBLOCK) return std::nullopt;
    check_lock(result, of);
    return file_lock{of.fd()};
}

file_lock file_lock::take(const file& of, lock_kind kind) {
    // EINTR: signals do not end this wait, as the header says.
    check_lock(call_uninterrupted(SYS_flock, of.fd(), operation_of(kind)), of);
    return file_lock{of.fd()};
}

file_lock::file_lock(file_lock&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, here_{other.here_} {}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
    file_lock taken{std::move(other)};
    std::swap(fd_, taken.fd_);
    std::swap(here_, taken.here_);
    return *this;
}

file_lock::~file_lock() {
    if (fd_ >= 0 && here_.still()) call(SYS_flock, fd_, LOCK_UN);
}

std::optional<range_lock> range_lock::try_take(const file& of, lock_kind kind, byte_range range) {
    const struct flock lock = as_kernel_range(type_of(kind), range);
    // EINTR: as with flock
    const long result = call_uninterrupted(SYS_fcntl, of.fd(), F_OFD_SETLK, &lock);
    if (result == -EAGAIN || result == -EACCES) return std::nullopt;
    check_lock(result, of);
    return range_lock{of.fd(), range};
}

range_lock range_lock::take(const file& of, lock_kind kind, byte_range range) {
    const struct flock lock = as_kernel_range(type_of(kind), range);
    // EINTR: as with flock
    check_lock(call_uninterrupted(SYS_fcntl, of.fd(), F_OFD_SETLKW, &lock), of);
    return {of.fd(), range};
}

range_lock::range_lock(range_lock&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, range_{other.range_}, here_{other.here_} {}

range_lock& range_lock::operator=(range_lock&& other) noexcept {
    range_lock taken{std::move(other)};
    std::swap(fd_, taken.fd_);
    std::swap(range_, taken.range_);
    std::swap(here_, taken.here_);
    return *this;
}

range_lock::~range_lock() {
    if (fd_ < 0 || !here_.still()) return;
    const struct flock lock = as_kernel_range(F_UNLCK, range_);
    call(SYS_fcntl, fd_, F_OFD_SETLK, &lock);
}

bool is_lockable(const file& of, lock_kind kind, byte_range range) {
    struct flock lock = as_kernel_range(type_of(kind), range);
    check_lock(call(SYS_fcntl, of.fd(), F_OFD_GETLK, &lock), of);
    return lock.l_type == F_UNLCK;
}

}  // namespace signet::os
