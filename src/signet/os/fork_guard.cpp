// SPDX-License-Identifier: Apache-2.0
#include <signet/os/fork_guard.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <mutex>
#include <new>

namespace signet::os {
namespace {

using generation_word = std::atomic<std::uint64_t>;

// Relaxed throughout this file: the numbers guard no other memory. What differs between processes
// does so by the kernel's copying at fork, and within a process the number is settled once.
constinit generation_word not_wiped{0};
constinit std::atomic<generation_word*> current{&not_wiped};  // in a page that children find zeroed
constinit generation_word last{0};                            // copied by fork, so children go on

// Constant-initialised and trivially destroyed: a fork may come before main and after exit.
constinit std::mutex callbacks_mutex;
constinit std::array<void (*)(), fork_callbacks_max> callbacks{};
constinit std::size_t callback_count = 0;

// The word's new number, unless another thread was first.
std::uint64_t settle(generation_word& word) noexcept {
    std::uint64_t found = 0;
    const std::uint64_t next = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return word.compare_exchange_strong(found, next, std::memory_order_relaxed) ? next : found;
}

void before_fork() {
    callbacks_mutex.lock();
}

void after_fork_in_parent() {
    callbacks_mutex.unlock();
}

void after_fork_in_child() {
    generation_word& word = *current.load(std::memory_order_relaxed);
    word.store(0, std::memory_order_relaxed);
    settle(word);
    callbacks_mutex.unlock();
    for (std::size_t i = 0; i < callback_count; ++i) callbacks[i]();
}

void use_wiped_page() noexcept {
    const std::size_t bytes = getauxval(AT_PAGESZ);
    const long address =
        call(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address < 0) return;
    if (call(SYS_madvise, address, bytes, MADV_WIPEONFORK) < 0) {
        call(SYS_munmap, address, bytes);
        return;
    }
    current.store(new (reinterpret_cast<void*>(address)) generation_word{0},
                  std::memory_order_release);  // SYNC generation
}

void prepare() noexcept {
    static const bool prepared = [] {
        use_wiped_page();
        return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
    }();
    static_cast<void>(prepared);
}

}  // namespace

std::uint64_t process_generation() noexcept {
    generation_word& word = *current.load(std::memory_order_acquire);  // SYNC generation
    // relaxed: a number that stands alone
    if (const std::uint64_t known = word.load(std::memory_order_relaxed); known != 0) return known;
    prepare();
    return settle(*current.load(std::memory_order_acquire));  // SYNC generation
}

made_in_process::made_in_process() noexcept
    : made_in_{process_generation()},
      current_{current.load(std::memory_order_acquire)} {}  // SYNC generation

void on_fork_in_child(void (*callback)()) {
    process_generation();
    const std::lock_guard lock{callbacks_mutex};
    if (callback_count == fork_callbacks_max) {
        throw contract_violation{"on_fork_in_child: register one callback for many objects"};
    }
    callbacks[callback_count++] = callback;
}

}  // namespace signet::os
