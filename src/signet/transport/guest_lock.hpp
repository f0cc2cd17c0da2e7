// SPDX-License-Identifier: Apache-2.0
// A lock between the one thread that works somewhere, the host, and threads that look in now and
// then: guests, who go away where the host is in. The host, who locks for every message, pays two
// plain stores and a load; the guest pays for both sides, by a barrier in all threads
// (os/membarrier.hpp). Where the kernel has none, the host fences.
//
// Invariants: who comes says so, then looks for the other; of two who come at once at least one
// sees the other. A host who sees a guest waits until that is gone, a guest who sees the host goes.
// A guest does a bounded piece of work that waits for nothing. Two hosts at once are a mistake of
// the caller. Any thread.
#pragma once

#include <signet/life/bell.hpp>
#include <signet/memory/access.hpp>

#include <atomic>
#include <cstdint>

namespace signet::transport {

class guest_lock {
public:
    /// For the host, by std::lock_guard.
    void lock() noexcept {
        host_.store(1, std::memory_order_relaxed);  // relaxed: ordered by the fence
        if (fencing_ == life::fence_mode::on_demand) {
            memory::compiler_fence();
        } else {
            memory::fence(std::memory_order_seq_cst);  // SYNC guest lock
        }
        while (guest_.load(std::memory_order_acquire) != 0) {  // SYNC guest lock
            guest_.wait(1, std::memory_order_relaxed);         // relaxed: it is looked at again
        }
    }
    void unlock() noexcept {
        host_.store(0, std::memory_order_release);  // SYNC guest lock
    }

    /// As long as this lives, a guest is in, if it says true. Throws `error`: the kernel makes no
    /// barrier any more.
    class visit {
    public:
        explicit visit(guest_lock& of);
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit() {
            if (in_) of_.leave();
        }
        explicit operator bool() const noexcept { return in_; }

    private:
        guest_lock& of_;
        bool in_;
    };

private:
    bool try_enter();
    void leave() noexcept;

    std::atomic<std::uint32_t> host_{0};   ///< written by the host
    std::atomic<std::uint32_t> guest_{0};  ///< written by the guest who has set it
    const life::fence_mode fencing_ = life::usual_fencing();
};

inline guest_lock::visit::visit(guest_lock& of) : of_{of}, in_{of.try_enter()} {}

}  // namespace signet::transport
