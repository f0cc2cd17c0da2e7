// SPDX-License-Identifier: Apache-2.0
#include "kill_point.hpp"

#include "last_words.hpp"
#include "state_names.hpp"

#include <signet/memory/access.hpp>
#include <signet/os/kernel.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>

namespace signet::tests {
namespace {

thread_local int steps_left = -1;    // of this thread; negative: they are not counted
std::atomic<int> steps_of_all = -1;  // likewise, of all threads
pid_t counted_process = 0;
memory::topic_geometry shape_seen{};
known_memory memory_seen;

// What it starts shares its memory until it runs another program, and is not meant.
bool counts_down() {
    if (getpid() != counted_process) return false;
    if (steps_left >= 0) return steps_left-- == 0;
    return steps_of_all >= 0 && steps_of_all-- == 0;
}

bool is_last_step() {
    if (!counts_down()) return false;
    memory::current_access_hook = nullptr;  // what is looked at from here on is no step
    return true;
}

[[noreturn]] void die(const std::string& state) {
    auto& words = shared_last_words();
    std::snprintf(words.state.data(), words.state.size(), "%s", state.c_str());
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

void at_access(memory::access_kind kind, const void* word) {
    if (is_last_step()) die(name_of_access(kind, word, memory_seen, shape_seen));
}

// A thread that is counted together with others is so from its next call on.
long at_call(long number, const os::kernel_arguments& arguments) {
    if (steps_of_all >= 0) memory::current_access_hook = &at_access;
    if (is_last_step()) die(name_of_call(number, arguments, memory_seen));
    const long result = os::system_call(number, arguments);
    if (steps_of_all >= 0) memory::current_access_hook = &at_access;
    if (number == SYS_mmap && result > 0) memory_seen.note(result, arguments);
    return result;
}

}  // namespace

void watch_steps(const memory::topic_geometry& shape) {
    shape_seen = shape;
    os::exchange_kernel_entry(&at_call);  // other threads may come through it at once
}

void die_before_step(int k) {
    counted_process = getpid();
    memory::current_access_hook = &at_access;
    steps_left = k;
}

void die_before_step_of_any(int k) {
    counted_process = getpid();
    memory::current_access_hook = &at_access;
    steps_of_all = k;
}

}  // namespace signet::tests
