// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/sleepers.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>

#include <ctime>
#include <fstream>

namespace signet::testing {
namespace {

constexpr std::chrono::milliseconds short_sleep{100};
constexpr std::size_t timeout_argument = 3;  // of both calls

// relaxed throughout: the pointer publishes nothing but code, which is always there
std::atomic<os::kernel_entry> entry_below{nullptr};

bool is_long(const std::timespec* until) {
    if (until == nullptr) return false;
    const auto limit =
        std::chrono::seconds{until->tv_sec} + std::chrono::nanoseconds{until->tv_nsec};
    return limit > clock::now().time_since_epoch() + short_sleep;
}

long enter(long number, const os::kernel_arguments& arguments) {
    os::kernel_entry below = nullptr;
    // relaxed: as above. One may get here just before the constructor has said what that is.
    while ((below = entry_below.load(std::memory_order_relaxed)) == nullptr) {
    }
    const bool waits =
        number == SYS_futex_waitv || (number == SYS_futex && arguments[1] == FUTEX_WAIT_BITSET);
    if (!waits || !is_long(reinterpret_cast<const std::timespec*>(arguments[timeout_argument]))) {
        return below(number, arguments);
    }
    os::kernel_arguments endless = arguments;
    endless[timeout_argument] = 0;
    return below(number, endless);
}

}  // namespace

bool is_asleep(int id) {
    std::ifstream file{"/proc/" + std::to_string(id) + "/stat"};
    std::string all;
    std::getline(file, all);
    const auto name_end = all.rfind(") ");
    return name_end != std::string::npos && (all[name_end + 2] == 'S' || all[name_end + 2] == 'T');
}

without_backstop::without_backstop() {
    // relaxed: as above
    entry_below.store(os::exchange_kernel_entry(&enter), std::memory_order_relaxed);
}

without_backstop::~without_backstop() {
    os::exchange_kernel_entry(entry_below.load(std::memory_order_relaxed));  // relaxed: as above
}

}  // namespace signet::testing
