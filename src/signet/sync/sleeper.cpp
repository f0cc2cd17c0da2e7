// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/sleeper.hpp>

#include <signet/base/error.hpp>
#include <signet/os/cpu.hpp>
#include <signet/os/futex.hpp>

#include <algorithm>
#include <array>
#include <climits>

namespace signet::sync {

sleeper::sleeper(const patience& limit) : until_{limit.until}, stop_{limit.stop} {
    if (stop_.stop_possible()) on_stop_.emplace(stop_, post_on_stop{&notice_});
}

bool sleeper::over() const {
    return stop_.stop_requested() || (until_ != never && clock::now() >= until_);
}

bool sleeper::sleep(const memory::shared_word<std::uint32_t>& word, std::uint32_t expected) {
    const deadline limit = std::min(until_, after(recheck));
    if (!on_stop_) {
        os::futex_wait(*word.address(), expected, limit);
    } else {
        const std::array words{notice_.watch(), os::futex_waiter{word.address(), expected}};
        if (over()) return false;
        os::futex_wait_any(words, limit);
    }
    return !over();
}

int wake(const memory::shared_word<std::uint32_t>& word, int count_max) noexcept try {
    return os::futex_wake(*word.address(), count_max);
} catch (const error&) {
    return 0;  // the backstop of whoever sleeps is all there is now
}

void rouse(memory::shared_word<std::uint32_t>& word) noexcept {
    word.fetch_add(2, std::memory_order_release);  // SYNC roused
    wake(word, INT_MAX);
}

int looks_before_sleep() noexcept {
    static const int looks = os::cpu_count() > 1 ? 36 : 1;
    return looks;
}

}  // namespace signet::sync
