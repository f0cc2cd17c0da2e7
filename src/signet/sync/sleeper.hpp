// SPDX-License-Identifier: Apache-2.0
// How a thread waits for a word of a region: until it changes, the deadline passes, or a stop is
// asked for. For one wait of one thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>
#include <signet/memory/access.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace signet::sync {

/// When a wait gives up. A stop token that nobody can stop costs nothing.
struct patience {
    deadline until = never;
    std::stop_token stop{};
};

/// The watch of a process that died rings for all others, and one of those that died or was stopped
/// at that moment may have been the one that was woken. Every so long each waiter looks for itself.
inline constexpr std::chrono::milliseconds recheck{200};

class sleeper {
public:
    explicit sleeper(const patience& limit);

    /// Sleeps while `word` is `expected`, and at most `recheck` long. False: the patience is at its
    /// end. Otherwise look again, whatever woke us.
    bool sleep(const memory::shared_word<std::uint32_t>& word, std::uint32_t expected);

    /// Whether the patience is at its end.
    bool over() const;

private:
    struct post_on_stop {
        life::notice* notice;
        void operator()() const { notice->post(); }
    };

    deadline until_;
    std::stop_token stop_;
    life::notice notice_;
    std::optional<std::stop_callback<post_on_stop>> on_stop_;
};

/// In words `count << 1 | somebody waits`.
inline constexpr std::uint32_t somebody_waits = 1;

/// Wakes up to `count_max` who sleep on a word of a region; how many. Never throws: the kernel
/// refuses only where the region is damaged.
int wake(const memory::shared_word<std::uint32_t>& word, int count_max) noexcept;

/// W3 for a word `count << 1 | somebody waits` on which processes sleep for something that stands
/// elsewhere: wakes all, and changes the word, for there may be one that has found nothing and is
/// about to sleep. Never throws.
void rouse(memory::shared_word<std::uint32_t>& word) noexcept;

/// How often `spin` looks: for about as long as a wake-up by another processor takes, and once
/// where there is no other.
int looks_before_sleep() noexcept;

/// Calls `look` until it returns true or it is time to sleep; returns whether it did.
template <class Look>
bool spin(Look&& look) {
    constexpr int pauses_max = 32;
    int pauses = 1;
    for (int looks = looks_before_sleep(); looks > 0; --looks) {
        if (look()) return true;
        for (int i = 0; i < pauses; ++i) memory::relax_cpu();
        pauses = std::min(pauses * 2, pauses_max);
    }
    return false;
}

}  // namespace signet::sync
