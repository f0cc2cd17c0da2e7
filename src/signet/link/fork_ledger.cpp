// SPDX-License-Identifier: Apache-2.0
#include <signet/link/fork_ledger.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/fork_guard.hpp>

#include <array>
#include <atomic>

namespace signet::link {
namespace {

// Each entry is a descriptor plus one; zero is free. Relaxed throughout: an entry is only ever read
// by the thread that wrote it or, in the child, by the only thread there is.
constexpr std::size_t entries_max = 8192;
std::array<std::atomic<int>, entries_max> entries{};

// The numbers stay taken, by something harmless: their owners, inherited by the child, will close
// them once more. Fork copies the descriptors before the memory, so an entry may name one that was
// opened in between: it is not open here, and the harmless one may have got its number.
void close_all() try {
    os::descriptor harmless = os::event{}.handle().duplicate();
    bool at_its_place = false;
    for (auto& entry : entries) {
        // relaxed: the child has one thread
        const int fd = entry.exchange(0, std::memory_order_relaxed) - 1;
        if (fd == harmless.get()) at_its_place = true;
        if (fd < 0 || fd == harmless.get()) continue;
        if (!harmless.take_place_of(fd)) os::descriptor{fd};
    }
    if (at_its_place) harmless.release();
} catch (const error&) {
    // No descriptor is left for the harmless one: a death is then told by the pidfd alone.
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
