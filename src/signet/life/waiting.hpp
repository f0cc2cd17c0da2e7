// SPDX-License-Identifier: Apache-2.0
// How a thread of Signet waits: it spins a little, for a wake-up across cores costs hundreds of
// polled round trips, and then sleeps until one of its bells rings, its notice is posted, or its
// deadline passes.
//
// Thread safety: notice::post may be called from any thread; the rest belongs to the waiting one.
#pragma once

#include <signet/base/time.hpp>
#include <signet/memory/access.hpp>
#include <signet/os/cpu.hpp>
#include <signet/os/event.hpp>
#include <signet/os/futex.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace signet::life {

/// How an endpoint waits when there is nothing yet.
enum class wait_mode {
    adaptive,  ///< spin for about as long as a wake-up costs, then sleep; on one core, and where
               ///< each look is a system call, sleep at once
    poll,      ///< spin until the event; for cores that have nothing else to do
    sleep,     ///< sleep at once
    eager,     ///< as adaptive, and where each look is a system call too: for who awaits an answer
};

/// Bells are hints that a whole trust group may write. A group that damages its own bell page loses
/// time, never messages: every so long all waits look again. No correct run relies on it.
inline constexpr std::chrono::minutes backstop{10};

/// A word private to this process that ends a wait for reasons other than a bell: something joined,
/// left or died, or a stop was asked for.
class notice {
public:
    /// Ends the wait that is under way, or the next one if it read the word before.
    void post();

    /// Has each post signal this event too, for waits on a descriptor. Before the first post.
    void signals(const os::descriptor& event) noexcept { event_ = &event; }

    /// What to wait for; read it before looking at the conditions it stands for.
    os::futex_waiter watch() const {
        return {address(), word_.load(std::memory_order_acquire), true};  // SYNC notice
    }

private:
    const std::uint32_t* address() const { return reinterpret_cast<const std::uint32_t*>(&word_); }

    std::atomic<std::uint32_t> word_{0};
    const os::descriptor* event_ = nullptr;
};

/// Spins as long as it has paid off lately.
class spinner {
public:
    explicit spinner(wait_mode mode);

    /// That both sides may run at once, though this thread may be kept on one core: they have so
    /// many cores together.
    void share(unsigned cores) noexcept;

    /// Whether it spins whatever that costs.
    bool polls() const noexcept { return mode_ == wait_mode::poll; }

    /// Whether it spins also where each look is a system call.
    bool asks_kernel() const noexcept {
        return polls() || (mode_ == wait_mode::eager && budget_.count() != 0);
    }

    /// Calls `look` until it returns true or the budget is used up; returns whether it did. A look
    /// at a word that another core is writing all the time slows that core down: `pauses` sets how
    /// often.
    template <class Look>
    bool spin(Look&& look, deadline until, int pauses = 1) {
        if (budget_.count() == 0) return false;
        const deadline begin = clock::now();
        const deadline end = std::min(until, after(budget_, begin));
        do {
            for (int pause = 0; pause < pauses_per_reading; pause += pauses) {
                if (look()) return true;
                for (int i = 0; i < pauses; ++i) memory::relax_cpu();
            }
        } while (clock::now() < end);
        return false;
    }

    /// The same with looks that are system calls: whoever else wants this core has it in between.
    template <class Look>
    bool spin_by_calls(Look&& look, deadline until) {
        const deadline end = polls() ? until : std::min(until, after(budget_));
        do {
            if (look()) return true;
            if (!polls()) os::yield_cpu();
        } while (end == never || clock::now() < end);
        return false;
    }

    /// Calls `sleep`, and learns from how long it lasted: spinning would have caught a short one.
    template <class Sleep>
    void learn_from(Sleep&& sleep) {
        if (polls() || budget_.count() == 0) return sleep();
        const deadline begin = clock::now();
        sleep();
        learn(clock::now() - begin);
    }

private:
    void learn(std::chrono::nanoseconds slept) noexcept;

    static constexpr int pauses_per_reading = 32;

    wait_mode mode_;
    std::chrono::nanoseconds budget_;
};

}  // namespace signet::life
