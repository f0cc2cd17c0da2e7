// SPDX-License-Identifier: Apache-2.0
#include <signet/life/fork_ledger.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/fork_guard.hpp>

#include <array>
#include <atomic>

namespace signet::life {
namespace {

// One entry for each number a descriptor may have. Relaxed throughout: an entry is only ever read
// by the thread that wrote it or, in the child, by the only thread there is.
constexpr std::size_t entries_max = 65536;
std::array<std::atomic<bool>, entries_max> entries{};

void set_entry(int fd, bool closes) noexcept {
    const auto index = static_cast<std::size_t>(fd);
    // relaxed: see above
    if (fd >= 0 && index < entries_max) entries[index].store(closes, std::memory_order_relaxed);
}

// The numbers stay taken, by something harmless: their owners, inherited by the child, will close
// them once more. Fork copies the descriptors before the memory, so an entry may name one that was
// opened in between: it is not open here, and the harmless one may have got its number.
void close_all() try {
    os::descriptor harmless = os::event{}.handle().duplicate();
    bool at_its_place = false;
    for (int fd = 0; fd < static_cast<int>(entries_max); ++fd) {
        auto& entry = entries[static_cast<std::size_t>(fd)];
        if (!entry.load(std::memory_order_relaxed)) continue;  // relaxed: the child has one thread
        entry.store(false, std::memory_order_relaxed);         // relaxed: likewise
        if (fd == harmless.get()) at_its_place = true;
        if (fd == harmless.get()) continue;
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
    set_entry(fd, true);
}

void keep_in_forked_child(int fd) noexcept {
    set_entry(fd, false);
}

}  // namespace signet::life
