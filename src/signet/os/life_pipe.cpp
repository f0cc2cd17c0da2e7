// SPDX-License-Identifier: Apache-2.0
#include <signet/os/life_pipe.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/name_guard.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <string>

namespace signet::os {
namespace {

constexpr unsigned private_mode = 0600;
constexpr int open_flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;

// EINTR: without a wait for the other end nothing is interrupted here but a slow file system.
long open_pipe(const directory& place, const std::string& name, int access) {
    return call_uninterrupted(SYS_openat, place.fd(), name.c_str(), access | open_flags, 0);
}

// Who reads lives; whoever opens it to write while nobody does is refused.
descriptor make_pipe(const directory& place, const std::string& name) {
    const std::string path = place.path_of(name);
    check(call(SYS_mknodat, place.fd(), name.c_str(), S_IFIFO | private_mode, 0),
          "create named pipe", path);
    name_guard guard{place.fd(), name};
    // the umask may have taken our own rights away
    check(call(SYS_fchmodat, place.fd(), name.c_str(), private_mode), "set the mode of", path);
    const long number = open_pipe(place, name, O_RDWR);
    check(number, "open named pipe", path);
    guard.keep();
    return descriptor{static_cast<int>(number)};
}

}  // namespace

life_pipe::life_pipe(const directory& place, std::string_view name)
    : held_{make_pipe(place, std::string{name})} {}

std::optional<life_watch> life_watch::open(const directory& place, std::string_view name) {
    const std::string path = place.path_of(name);
    const long number = open_pipe(place, std::string{name}, O_WRONLY);
    if (number == -ENXIO || number == -ENOENT) return std::nullopt;
    check(number, "open named pipe", path);
    return life_watch{descriptor{static_cast<int>(number)}};
}

}  // namespace signet::os
