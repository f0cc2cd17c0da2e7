// SPDX-License-Identifier: Apache-2.0
#include <signet/link/fork_ledger.hpp>

#include <signet/os/fork_guard.hpp>

#include <array>
#include <atomic>

namespace signet::link {
namespace {

// Each entry is a descriptor plus one; zero is free. Relaxed throughout: an entry is only ever read
// by the thread that wrote it or, in the child, by the only thread there is.
constexpr std::size_t entries_max = 8192;
std::array<std::atomic<int>, entries_max> entries{};

void close_all() {
    for (auto& entry : entries) {
        // relaxed: the child has one thread
        if (const int value = entry.exchange(0, std::memory_order_relaxed); value != 0) {
            os::descriptor{value - 1};
        }
    }
}

void install_once() {
    static const bool installed = (os::on_fork_in_child(&close_all), true);
    static_cast<void>(installed);
}

}  // namespace

void close_in_forked_child(int fd) noexcept {
    install_once();
    for (auto& entry : entries) {
        int free = 0;
        // relaxed: see above
        if (entry.compare_exchange_strong(free, fd + 1, std::memory_order_relaxed)) return;
    }
}

void keep_in_forked_child(int fd) noexcept {
    for (auto& entry : entries) {
        int mine = fd + 1;
        // relaxed: see above
        if (entry.compare_exchange_strong(mine, 0, std::memory_order_relaxed)) return;
    }
}

}  // namespace signet::link
