// SPDX-License-Identifier: Apache-2.0
#include <signet/os/random.hpp>

#include <signet/os/kernel.hpp>

#include <sys/syscall.h>

namespace signet::os {

std::uint64_t random_u64() {
    std::uint64_t value = 0;
    // EINTR: only while it waits early in boot, with nothing written yet.
    check(call_uninterrupted(SYS_getrandom, &value, sizeof value, 0), "get random bits");
    return value;
}

}  // namespace signet::os
