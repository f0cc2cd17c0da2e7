// SPDX-License-Identifier: Apache-2.0
#include <signet/os/descriptor.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

namespace signet::os {

descriptor& descriptor::operator=(descriptor&& other) noexcept {
    descriptor old{std::exchange(number_, other.release())};
    return *this;
}

descriptor::~descriptor() {
    if (number_ >= 0) call(SYS_close, number_);
}

void descriptor::close() {
    if (number_ < 0) return;
    const long result = call(SYS_close, release());
    // Never again on EINTR: Linux has closed it, and the number may be somebody else's by now.
    if (result < 0 && result != -EINTR) fail(result, "close descriptor");
}

descriptor descriptor::duplicate() const {
    return os::duplicate(number_);
}

bool descriptor::take_place_of(int number) const noexcept {
    // EBUSY, EINTR: a rare race in the kernel; the caller falls back to closing
    return call(SYS_dup3, number_, number, O_CLOEXEC) == number;
}

descriptor duplicate(int number) {
    const long copy = call(SYS_fcntl, number, F_DUPFD_CLOEXEC, 0);
    return descriptor{static_cast<int>(check(copy, "duplicate descriptor"))};
}

}  // namespace signet::os
