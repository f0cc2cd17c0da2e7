// SPDX-License-Identifier: Apache-2.0
#include <signet/os/name_guard.hpp>

#include <signet/os/kernel.hpp>

#include <sys/syscall.h>

namespace signet::os {

name_guard::~name_guard() {
    if (!kept_) call(SYS_unlinkat, place_, name_.c_str(), 0);
}

}  // namespace signet::os
