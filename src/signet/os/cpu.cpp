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

cpu_mask own_cpus() {
    cpu_mask mask{};
    check(call(SYS_sched_getaffinity, 0, sizeof mask, mask.data()), "count processors");
    return mask;
}

unsigned count(const cpu_mask& mask) {
    int count = 0;
    for (const unsigned long word : mask) count += std::popcount(word);
    return static_cast<unsigned>(count);
}

}  // namespace

unsigned cpu_count() {
    return count(own_cpus());
}

unsigned cpu_count_with(int pid) {
    cpu_mask all = own_cpus();
    cpu_mask theirs{};
    if (pid > 0 && call(SYS_sched_getaffinity, pid, sizeof theirs, theirs.data()) >= 0) {
        for (std::size_t i = 0; i < all.size(); ++i) all[i] |= theirs[i];
    }
    return count(all);
}

void yield_cpu() noexcept {
    call(SYS_sched_yield);
}

void pin_this_thread(unsigned cpu) {
    cpu_mask mask{};
    if (cpu < cpus_max) mask[cpu / bits_per_word] = 1UL << (cpu % bits_per_word);
    const long result = call(SYS_sched_setaffinity, 0, sizeof mask, mask.data());
    check(result, "pin this thread to processor", std::to_string(cpu),
          result == -EINVAL ? "choose one this process may use (taskset -p)" : "");
}

}  // namespace signet::os
