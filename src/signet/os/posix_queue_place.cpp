// SPDX-License-Identifier: Apache-2.0
// Queues without a name, and who uses one: the rest of posix_queue.
#include <signet/os/posix_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/process.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

constexpr int makers_max = 100;
constexpr long pid_max = 1L << 22;
constexpr long queue_file_system = 0x19800202;  // of ipc/mqueue.c, in no header

// By its open file (OFD). The whole of it without a length.
struct flock lock_of(short type, long bytes = 0) {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_len = bytes;
    return lock;
}

struct stat state_of(int fd, const std::string& name) {
    struct stat state{};
    check(call(SYS_fstat, fd, &state), "inspect message queue", name);
    return state;
}

struct flock mark_of(int fd, const std::string& name) {
    struct flock lock = lock_of(F_WRLCK);
    check(call_uninterrupted(SYS_fcntl, fd, F_OFD_GETLK, &lock), "inspect message queue", name);
    return lock;
}

// Not followed by more than a look: what `path` leads to may be anything.
std::optional<descriptor> look_at(const std::string& path) {
    // EINTR, here and below: nothing here waits for anybody.
    const long number =
        call_uninterrupted(SYS_openat, AT_FDCWD, path.c_str(), O_PATH | O_CLOEXEC, 0);
    if (number == -ENOENT || number == -EACCES || number == -ESRCH) return std::nullopt;
    return descriptor{static_cast<int>(check(number, "open message queue", path))};
}

bool is_queue(int fd, std::uint64_t inode, const std::string& path) {
    struct statfs system{};
    check(call_uninterrupted(SYS_fstatfs, fd, &system), "inspect message queue", path);
    return system.f_type == queue_file_system && state_of(fd, path).st_ino == inode;
}

}  // namespace

// Another maker may remove the name while we use it, which harms neither: who has made its queue
// wants it to have no name.
posix_queue posix_queue::create_unnamed(const std::string& passing_name,
                                        const posix_queue_geometry& geometry) {
    for (int attempt = 1;; ++attempt) {
        try {
            posix_queue made = create(passing_name, geometry);
            remove(passing_name);
            made.keep_name();
            return made;
        } catch (const error& why) {
            if (why.code() != std::errc::file_exists || attempt == makers_max) throw;
        }
        remove(passing_name);
    }
}

std::optional<posix_queue> posix_queue::open_at(const posix_queue_place& at) {
    const std::string path =
        "/proc/" + std::to_string(at.pid) + "/fd/" + std::to_string(at.descriptor);
    const auto seen = look_at(path);
    if (!seen || !is_queue(seen->get(), at.inode, path)) return std::nullopt;
    const std::string again = "/proc/self/fd/" + std::to_string(seen->get());
    const long number =
        call_uninterrupted(SYS_openat, AT_FDCWD, again.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (number == -EACCES) return std::nullopt;
    return adopt(descriptor{static_cast<int>(check(number, "open message queue", path))}, path);
}

posix_queue_place posix_queue::place() const {
    return {current_pid(), fd(), state_of(fd(), name_).st_ino};
}

std::pair<unsigned, unsigned> posix_queue::maker() const {
    const struct stat state = state_of(fd(), name_);
    return {state.st_uid, state.st_gid};
}

// The kernel does not say who has such a lock, but which bytes it is on: so many as its pid, and
// byte 0, which all want.
bool posix_queue::try_own() {
    struct flock lock = lock_of(F_WRLCK, current_pid() + 1L);
    const long result = call_uninterrupted(SYS_fcntl, fd(), F_OFD_SETLK, &lock);
    if (result == -EAGAIN || result == -EACCES) return false;
    check(result, "own message queue", name_);
    return true;
}

void posix_queue::disown() noexcept {
    struct flock lock = lock_of(F_UNLCK);
    call_uninterrupted(SYS_fcntl, fd(), F_OFD_SETLK, &lock);
}

bool posix_queue::is_owned() const {
    return mark_of(fd(), name_).l_type != F_UNLCK;
}

std::optional<int> posix_queue::owner() const {
    const struct flock lock = mark_of(fd(), name_);
    const long pid = lock.l_len - 1;
    if (lock.l_type == F_UNLCK || lock.l_start != 0 || pid < 1 || pid > pid_max)
        return std::nullopt;
    return static_cast<int>(pid);
}

}  // namespace signet::os
