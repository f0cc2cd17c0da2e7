// SPDX-License-Identifier: Apache-2.0
// Processes that measure together: the cpus they may use, the memory they share, and a way to run
// them. The caller only waits, so it neither takes a cpu from them nor has its own affinity
// changed, and it notices when one of them dies. A failure of the kernel throws std::system_error.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace limits {

struct cpu_pair {
    int first;
    int second;

    bool same() const noexcept { return first == second; }
};

/// The cpus this thread may run on, in ascending order; at least one.
std::vector<int> allowed_cpus();

/// The first two allowed cpus. Where there is only one, it stands twice. `taskset` chooses others.
cpu_pair two_cpus();

/// The first allowed cpu, twice.
cpu_pair one_cpu();

/// Memory that this process shares with the children it makes from now on; zero at first, and
/// present from the start. Any thread may use it; it must outlive the children.
class shared_bytes {
public:
    explicit shared_bytes(std::size_t size);

    std::span<std::byte> get() const noexcept { return {data_.get(), data_.get_deleter().size}; }

private:
    struct unmap {
        std::size_t size;
        void operator()(std::byte* data) const noexcept;
    };
    std::unique_ptr<std::byte, unmap> data_;
};

/// One `T` in shared memory.
template <typename T>
class shared {
    static_assert(std::is_trivially_destructible_v<T>,
                  "nobody destroys what several processes use");

public:
    shared() : bytes_(sizeof(T)), object_(new(bytes_.get().data()) T) {}

    T& operator*() const noexcept { return *object_; }
    T* operator->() const noexcept { return object_; }

private:
    shared_bytes bytes_;
    T* object_;
};

/// What one process does, and where. The body runs in a forked child that does nothing else: it
/// must not throw, nor allocate, since other threads of the parent may have held locks.
struct role {
    int cpu;
    std::function<void()> body;
};

/// Runs each role in a process of its own and returns when all have ended. They are killed with the
/// calling thread, when one of them fails, and after half a minute; the last two throw
/// std::runtime_error.
void run_together(std::initializer_list<role> roles);

}  // namespace limits
