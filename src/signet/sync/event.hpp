// SPDX-License-Identifier: Apache-2.0
// A flag that processes wait for. One that is reset by hand stays set, and lets all through, until
// somebody resets it; one that resets itself lets one through for each time it is set, and to set
// what is set already changes nothing.
//
// One word: whether it is set, and whether somebody waits; nobody owns it. Thread safety: any
// thread of any process.
#pragma once

#include <signet/sync/region.hpp>
#include <signet/sync/sleeper.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace signet::sync {

enum class event_reset { manual, automatic };

class event {
public:
    /// Finds it in the region, or makes it, not set. `reset` must be the same for all.
    event(const region& in, std::string_view name, event_reset reset = event_reset::manual);

    event(const event&) = delete;
    event& operator=(const event&) = delete;

    void set();
    void reset();

    /// This, and waits: an `error` (damaged) where its word is.
    bool is_set() const;

    /// Waits until it is set; one that resets itself is then reset.
    void wait() { take({}); }
    bool try_wait();
    bool wait_until(deadline until) { return take({.until = until}); }
    template <class Rep, class Period>
    bool wait_for(std::chrono::duration<Rep, Period> limit) {
        return wait_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }
    /// False where a stop was asked for first.
    bool wait(std::stop_token stop) { return take({.stop = std::move(stop)}); }

private:
    bool take(const patience& limit);
    bool says_set(std::uint32_t seen) const;
    bool take_set(std::uint32_t& seen, std::uint32_t slept);
    void pass_on(std::uint32_t slept) noexcept;

    std::shared_ptr<region_core> in_;
    std::string name_;
    event_reset reset_;
    memory::shared_word<std::uint32_t>* word_;
};

}  // namespace signet::sync
