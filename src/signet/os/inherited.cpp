// SPDX-License-Identifier: Apache-2.0
#include <signet/os/inherited.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

namespace signet::os {
namespace {

constexpr int first_of_others = STDERR_FILENO + 1;

descriptor open_nothing() {
    // EINTR: /dev/null does not wait
    return descriptor{static_cast<int>(
        check(call_uninterrupted(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0), "open",
              "/dev/null"))};
}

void put_nothing_at(int number) {
    const descriptor nothing = open_nothing();
    // without CLOEXEC: a program that is started needs all three
    check(call(SYS_dup3, nothing.get(), number, 0), "replace descriptor", std::to_string(number));
}

}  // namespace

descriptor take_inherited(int number) {
    const std::string name = std::to_string(number);
    const long copy = call(SYS_fcntl, number, F_DUPFD_CLOEXEC, first_of_others);
    const bool absent = copy == -EBADF;
    check(copy, "take over descriptor", name,
          absent ? "nothing is open there; who starts this program is to pass it" : "");
    descriptor taken{static_cast<int>(copy)};
    if (number < first_of_others) {
        put_nothing_at(number);
    } else {
        const descriptor closed{number};
    }
    return taken;
}

}  // namespace signet::os
