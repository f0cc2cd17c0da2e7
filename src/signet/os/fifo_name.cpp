// SPDX-License-Identifier: Apache-2.0
#include <signet/os/fifo_name.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

std::string link_of(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

// EINTR: an open that does not wait has done nothing, so it is made again.
long open_link(const std::string& link, int flags) {
    return call_uninterrupted(SYS_openat, AT_FDCWD, link.c_str(), flags | O_CLOEXEC, 0);
}

descriptor find(const directory& place, const std::string& name, const std::string& path) {
    const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    const long number = call_uninterrupted(SYS_openat, place.fd(), name.c_str(), flags, 0);
    const bool absent = number == -ENOENT;
    const char* advice = absent ? "its owner creates it first (os::fifo)" : "";
    return descriptor{static_cast<int>(check(number, "find named pipe", path, advice))};
}

}  // namespace

fifo_name::fifo_name(const directory& place, std::string_view name)
    : path_{place.path_of(name)}, handle_{find(place, std::string{name}, path_)} {
    struct stat file{};
    check(call(SYS_fstat, handle_.get(), &file), "inspect", path_);
    if (!S_ISFIFO(file.st_mode)) {
        fail(-EEXIST, "use as a named pipe", path_, "the name is taken by something else");
    }
    owner_uid_ = file.st_uid;
}

long fifo_name::try_open(int flags) const {
    return open_link(link(), flags);
}

descriptor fifo_name::check_open(long number) const {
    const bool denied = number == -EACCES;
    return descriptor{static_cast<int>(
        check(number, "open named pipe", path_, denied ? "check its owner and mode" : ""))};
}

bool fifo_name::is_at(int place, const std::string& name) const {
    struct stat ours{};
    struct stat found{};
    const bool known = call(SYS_fstat, handle_.get(), &ours) == 0 &&
                       call(SYS_newfstatat, place, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
    return known && ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

std::string fifo_name::link() const {
    return link_of(handle_.get());
}

descriptor reopen_pipe(int fd, int flags) {
    return descriptor{static_cast<int>(check(open_link(link_of(fd), flags), "open pipe again"))};
}

}  // namespace signet::os
