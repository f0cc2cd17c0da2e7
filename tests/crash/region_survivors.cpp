// SPDX-License-Identifier: Apache-2.0
#include "region_survivors.hpp"

#include <signet/os/kernel.hpp>
#include <signet/sync/region_core.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>

#include <utility>
#include <vector>

namespace signet::tests {
namespace {

os::kernel_entry kernel_behind = nullptr;
thread_local bool trusts = false;
thread_local std::function<void()> act_before_sleep;

bool is_sleep(long number, const os::kernel_arguments& arguments) {
    if (number == SYS_futex_waitv) return true;
    const long command = arguments[1] & FUTEX_CMD_MASK;
    return number == SYS_futex && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET);
}

// Both calls have their timeout there.
long sleep_until_woken(long number, os::kernel_arguments arguments) {
    constexpr std::size_t timeout_at = 3;
    if (const auto act = std::exchange(act_before_sleep, nullptr)) act();
    arguments[timeout_at] = 0;
    return kernel_behind(number, arguments);
}

long enter_trusting(long number, const os::kernel_arguments& arguments) {
    if (trusts && is_sleep(number, arguments)) return sleep_until_woken(number, arguments);
    return kernel_behind(number, arguments);
}

struct tally {
    std::uint64_t bytes = 0;
    std::uint64_t blocks = 0;
};

tally arena_of(const memory::heap& heap, std::uint32_t arena) {
    constexpr std::uint64_t header_bytes = 16;
    tally all;
    for (std::uint64_t at = heap.next_of(arena, 0); at != 0;) {
        const std::uint64_t bytes = heap.size_of(at);
        all.bytes += bytes;
        ++all.blocks;
        at = heap.next_of(arena, at + bytes + header_bytes);
    }
    return all;
}

tally known_blocks(const region& in) {
    const sync::region_core& core = *in.core();
    tally all;
    for (const sync::found_object& object : core.objects()) {
        all.bytes +=
            core.heap().size_of(static_cast<std::uint64_t>(object.where - core.words().begin()));
        const tally more = arena_of(core.heap(), object.number + 1);
        all.bytes += more.bytes;
        all.blocks += 1 + more.blocks;
    }
    return all;
}

}  // namespace

void watch_sleeps() {
    if (kernel_behind == nullptr) kernel_behind = os::exchange_kernel_entry(&enter_trusting);
}

trusting_sleeper::trusting_sleeper() {
    trusts = true;
}

trusting_sleeper::~trusting_sleeper() {
    trusts = false;
}

void before_next_sleep(std::function<void()> act) {
    act_before_sleep = std::move(act);
}

std::string wake_count::text() const {
    if (woken == 0) return {};
    return ", " + std::to_string(woken) + " sleepers woken, the slowest after " +
           std::to_string(longest.count()) + " us";
}

std::size_t seats_taken(const region& in) {
    return in.core()->seats().holders().size();
}

void expect_all_accounted(const region& in) {
    const region_account account = in.account();
    EXPECT_EQ(account.bytes, account.table_bytes + account.used_bytes + account.free_bytes);
    const tally known = known_blocks(in);
    EXPECT_EQ(account.used_bytes, known.bytes);
    EXPECT_EQ(account.used_blocks, known.blocks);
}

void expect_all_seats(const region& in) {
    std::vector<region> others;
    const std::size_t seats = in.core()->shape().seats;
    EXPECT_NO_THROW(while (others.size() + 1 < seats)
                        others.push_back(region::open_descriptor(in.fd())));
    EXPECT_EQ(others.size() + 1, seats) << "a seat is lost";
}

}  // namespace signet::tests
