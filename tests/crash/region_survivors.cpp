// SPDX-License-Identifier: Apache-2.0
#include "region_survivors.hpp"

#include <signet/os/kernel.hpp>
#include <signet/sync/region_core.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <numeric>
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

struct block {
    std::uint64_t offset;
    std::uint64_t bytes;

    bool holds(std::uint64_t place) const { return place >= offset && place - offset < bytes; }
};

std::vector<block> blocks_of(const memory::heap& heap, std::uint32_t arena) {
    constexpr std::uint64_t header_bytes = 16;
    std::vector<block> all;
    for (std::uint64_t at = heap.next_of(arena, 0); at != 0;) {
        all.push_back({at, heap.size_of(at)});
        at = heap.next_of(arena, at + all.back().bytes + header_bytes);
    }
    return all;
}

// The blocks of the directory are those without an arena: each holds one object.
void expect_each_holds_one(const std::vector<block>& blocks, const region& in) {
    const sync::region_core& core = *in.core();
    const std::vector<sync::found_object> objects = core.objects();
    EXPECT_EQ(blocks.size(), objects.size());
    for (const block& one : blocks) {
        const auto count = std::count_if(objects.begin(), objects.end(), [&](const auto& object) {
            return one.holds(static_cast<std::uint64_t>(object.where - core.words().begin()));
        });
        EXPECT_EQ(count, 1);
    }
}

std::vector<block> known_blocks(const region& in) {
    const sync::region_core& core = *in.core();
    std::vector<block> all = blocks_of(core.heap(), 0);
    expect_each_holds_one(all, in);
    for (const sync::found_object& object : core.objects()) {
        const std::vector<block> more = blocks_of(core.heap(), object.number + 1);
        all.insert(all.end(), more.begin(), more.end());
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
    const std::vector<block> known = known_blocks(in);
    EXPECT_EQ(account.used_blocks, known.size());
    EXPECT_EQ(account.used_bytes,
              std::accumulate(known.begin(), known.end(), std::uint64_t{0},
                              [](auto sum, const block& one) { return sum + one.bytes; }));
}

std::uint64_t blocks_allocated_for(const region& in, std::string_view structure) {
    for (const sync::found_object& object : in.core()->objects()) {
        if (object.name.view() == structure) {
            return blocks_of(in.core()->heap(), object.number + 1).size();
        }
    }
    return 0;
}

void expect_all_seats(const region& in) {
    std::vector<region> others;
    const std::size_t seats = in.core()->shape().seats;
    EXPECT_NO_THROW(while (others.size() + 1 < seats)
                        others.push_back(region::open_descriptor(in.fd())));
    EXPECT_EQ(others.size() + 1, seats) << "a seat is lost";
}

}  // namespace signet::tests
