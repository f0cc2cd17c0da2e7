// SPDX-License-Identifier: Apache-2.0
#include <signet/os/cpu.hpp>

#include <signet/os/kernel.hpp>

#include <sys/syscall.h>

#include <array>
#include <bit>
#include <climits>
#include <string>

namespace signet::os {
namespace {

constexpr unsigned cpus_max = 8192;  // what Linux can be built for at most
constexpr unsigned bits_per_word = sizeof(unsigned long) * CHAR_BIT;

using cpu_mask = std::array<unsigned long, cpus_max / bits_per_word>;

}  // namespace

unsigned cpu_count() {
    cpu_mask mask{};
    check(call(SYS_sched_getaffinity, 0, sizeof mask, mask.data()), "count processors");
    int count = 0;
    for (const unsigned long word : mask) count += std::popcount(word);
    return static_cast<unsigned>(count);
}

void pin_this_thread(unsigned cpu) {
    cpu_mask mask{};
    if (cpu < cpus_max) mask[cpu / bits_per_word] = 1UL << (cpu % bits_per_word);
    const long result = call(SYS_sched_setaffinity, 0, sizeof mask, mask.data());
    check(result, "pin this thread to processor", std::to_string(cpu),
          result == -EINVAL ? "choose one this process may use (taskset -p)" : "");
}

}  // namespace signet::os
