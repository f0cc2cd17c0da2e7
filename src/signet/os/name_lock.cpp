// SPDX-License-Identifier: Apache-2.0
#include <signet/os/name_lock.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

constexpr int lock_flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
constexpr unsigned lock_mode = 0600;
constexpr int attempts_max = 100;

// EINTR: only network file systems wait here; opening again is harmless.
descriptor open_lock(int place, const std::string& file, const std::string& path) {
    const long number = call_uninterrupted(SYS_openat, place, file.c_str(), lock_flags, lock_mode);
    const bool denied = number == -EACCES;
    return descriptor{static_cast<int>(
        check(number, "lock", path, denied ? "check its owner, and that of the directory" : ""))};
}

// Its owner before us may have removed the file between our opening and our locking it.
bool is_at(int place, const std::string& file, const descriptor& lock, const std::string& path) {
    struct stat held{};
    struct stat found{};
    check(call(SYS_fstat, lock.get(), &held), "inspect lock", path);
    const long result = call(SYS_newfstatat, place, file.c_str(), &found, AT_SYMLINK_NOFOLLOW);
    if (result == -ENOENT) return false;
    check(result, "inspect lock", path);
    return held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

descriptor take_lock(int place, const std::string& file, const std::string& path) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        descriptor lock = open_lock(place, file, path);
        // EINTR: with LOCK_NB it does not wait, so it is tried again
        const long result = call_uninterrupted(SYS_flock, lock.get(), LOCK_EX | LOCK_NB);
        const bool owned = result == -EWOULDBLOCK;
        check(owned ? -EADDRINUSE : result, "lock", path,
              owned ? "a running process owns that name; end it or choose another name" : "");
        if (is_at(place, file, lock, path)) return lock;
    }
    fail(-EBUSY, "lock", path, "others make and remove it all the time");
}

}  // namespace

name_lock::name_lock(const directory& place, std::string_view name)
    : place_{duplicate(place.fd())}, file_{std::string{name} + ".lock"} {
    const std::string path = place.path_of(file_);
    lock_ = take_lock(place_.get(), file_, path);
    // the umask may have taken our own rights away, which the next owner would miss
    const long result = call(SYS_fchmod, lock_.get(), lock_mode);
    if (result < 0) call(SYS_unlinkat, place_.get(), file_.c_str(), 0);
    check(result, "set the mode of", path);
}

bool name_lock::is_held(const directory& place, std::string_view name) {
    const std::string file = std::string{name} + ".lock";
    const std::string path = place.path_of(file);
    // EINTR: as in open_lock
    const long number =
        call_uninterrupted(SYS_openat, place.fd(), file.c_str(), lock_flags & ~O_CREAT, 0);
    if (number == -ENOENT) return false;
    const descriptor lock{static_cast<int>(check(number, "look at lock", path))};
    // EINTR: as in take_lock
    const long result = call_uninterrupted(SYS_flock, lock.get(), LOCK_SH | LOCK_NB);
    if (result == -EWOULDBLOCK) return true;
    check(result, "look at lock", path);
    return false;
}

name_lock::~name_lock() {
    if (lock_) call(SYS_unlinkat, place_.get(), file_.c_str(), 0);
}

}  // namespace signet::os
