// SPDX-License-Identifier: Apache-2.0
#include <signet/life/waiting.hpp>

#include <algorithm>
#include <climits>

namespace signet::life {
namespace {

using namespace std::chrono_literals;

// A wake-up across cores costs about 40 us here; spinning longer than that can at best halve the
// wait.
constexpr std::chrono::nanoseconds budget_max = 50us;
constexpr std::chrono::nanoseconds budget_min = 1us;

std::chrono::nanoseconds first_budget(wait_mode mode) {
    switch (mode) {
        case wait_mode::poll: return std::chrono::nanoseconds::max();
        case wait_mode::sleep: return 0ns;
        case wait_mode::adaptive:
        case wait_mode::eager: break;
    }
    return os::cpu_count() > 1 ? budget_max : 0ns;
}

}  // namespace

void notice::post() {
    word_.fetch_add(1, std::memory_order_release);  // SYNC notice
    os::futex_wake_private(*address(), INT_MAX);
    if (event_ != nullptr) os::signal_event(*event_);
}

spinner::spinner(wait_mode mode) : mode_{mode}, budget_{first_budget(mode)} {}

void spinner::share(unsigned cores) noexcept {
    if (mode_ == wait_mode::eager && cores > 1 && budget_.count() == 0) budget_ = budget_max;
}

void spinner::learn(std::chrono::nanoseconds slept) noexcept {
    const auto wanted = slept <= 2 * budget_max ? budget_ * 4 : budget_ / 2;
    budget_ = std::clamp(wanted, budget_min, budget_max);
}

}  // namespace signet::life
