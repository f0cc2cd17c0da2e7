// SPDX-License-Identifier: Apache-2.0
#include <signet/os/membarrier.hpp>

#include <signet/os/kernel.hpp>

#include <linux/membarrier.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

constexpr long needed = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED |
                        MEMBARRIER_CMD_PRIVATE_EXPEDITED |
                        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;

long membarrier(int command) {
    return call(SYS_membarrier, command, 0, 0);
}

}  // namespace

bool membarrier_supported() {
    const long commands = membarrier(MEMBARRIER_CMD_QUERY);
    return commands >= 0 && (commands & needed) == needed;
}

bool register_for_membarrier() {
    return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0 &&
           membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

void membarrier_all_processes() {
    check(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED), "fence all processes");
}

void membarrier_this_process() {
    const long result = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    const bool unregistered = result == -EPERM;
    check(result, "fence this process", {}, unregistered ? "register for membarrier first" : "");
}

}  // namespace signet::os
