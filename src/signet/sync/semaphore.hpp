// SPDX-License-Identifier: Apache-2.0
// Permits that processes take and give. Two kinds:
//
// A `semaphore` counts. Anybody may release what somebody else acquired, as producers and consumers
// do; a permit that a dead process had taken is gone, for nobody knows whether it was used.
//
// A `permit_pool` has a fixed number of permits, and knows who has each. Who acquired one releases
// it; what the dead had comes back by itself.
//
// Thread safety: any thread of any process. No system call where nobody waits. Waits end by a
// permit, a deadline or a stop. A count that is damaged: an `error` (damaged).
#pragma once

#include <signet/sync/owned_word.hpp>
#include <signet/sync/region.hpp>
#include <signet/sync/sleeper.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace signet::sync {

/// What both kinds offer for waiting; `Kind` has `take(const patience&)`.
template <class Kind>
class acquirable {
public:
    /// Takes a permit; waits until there is one.
    void acquire() { self().take({}); }

    /// False where there is none.
    bool try_acquire() { return self().try_take(); }

    /// False when the time has passed.
    bool try_acquire_until(deadline until) { return self().take({.until = until}); }
    template <class Rep, class Period>
    bool try_acquire_for(std::chrono::duration<Rep, Period> limit) {
        return try_acquire_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }

    /// False where a stop was asked for first.
    bool acquire(std::stop_token stop) { return self().take({.stop = std::move(stop)}); }

private:
    Kind& self() { return static_cast<Kind&>(*this); }
};

class semaphore : public acquirable<semaphore> {
public:
    static constexpr std::uint32_t permits_max = (1u << 30) - 1;

    /// Finds it in the region, or makes it with `permits`. Throws `error` as `mutex` does.
    semaphore(const region& in, std::string_view name, std::uint32_t permits);

    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    /// Gives `count` permits, and wakes as many who wait. More than `permits_max` in all: an
    /// `error` (limit_reached), and nothing is given.
    void release(std::uint32_t count = 1);

    /// How many there are now.
    std::uint32_t permits() const;

private:
    friend class acquirable<semaphore>;

    bool try_take();
    bool take(const patience& limit);
    bool take_some(std::uint64_t& seen, std::uint32_t slept);
    std::uint64_t sound(std::uint64_t seen) const;
    void pass_on(std::uint32_t slept) noexcept;

    std::shared_ptr<region_core> in_;
    std::string name_;
    memory::shared_word<std::uint64_t>* word_;  ///< permits << 33 | permits << 1 | somebody waits
};

class permit_pool : public acquirable<permit_pool> {
public:
    static constexpr std::uint32_t permits_max = 4096;

    /// Finds it in the region, or makes it with `permits`, which must be the same for all.
    permit_pool(const region& in, std::string_view name, std::uint32_t permits);

    permit_pool(const permit_pool&) = delete;
    permit_pool& operator=(const permit_pool&) = delete;

    /// Gives one back. Where this process has none: a contract_violation.
    void release();

    /// How many nobody has now.
    std::uint32_t permits() const;

    /// W2 and W3 for the object at `where`.
    static void take_back(std::byte* where, std::uint64_t bytes, memory::stamp dead) noexcept;

private:
    friend class acquirable<permit_pool>;

    struct words {
        alignas(memory::line_bytes)
            memory::shared_word<std::uint32_t> turn;      ///< as in a condition_variable
        alignas(memory::line_bytes) lock_word permit[1];  ///< as many as there are
    };

    bool try_take();
    bool take(const patience& limit);
    template <class Takes>
    bool take_any(Takes&& takes);
    void wake_one() noexcept;

    std::shared_ptr<region_core> in_;
    std::string name_;
    std::uint32_t count_;
    words* words_;
};

}  // namespace signet::sync
