// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/priority_word.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/priority_futex.hpp>
#include <signet/os/process.hpp>

#include <algorithm>
#include <bit>

namespace signet::sync {
namespace {

using memory::stamp;
using os::priority_result;

static_assert(std::endian::native == std::endian::little, "the thread is the lower half");

constexpr std::uint32_t kernel_bits = os::priority_waiters_bit | os::priority_died_bit;

std::uint32_t thread_of(std::uint64_t word) {
    return static_cast<std::uint32_t>(word);
}

stamp owner_of(std::uint64_t word) {
    return stamp::of(static_cast<std::uint32_t>(word >> 32));
}

/// Asked once by each thread; a forked child's thread has a number of its own.
std::uint64_t thread_number() {
    static thread_local std::uint64_t asked_in = 0;
    static thread_local std::uint64_t number = 0;
    if (const std::uint64_t now = os::process_generation(); asked_in != now) {
        number = static_cast<std::uint64_t>(os::current_thread());
        asked_in = now;
    }
    return number;
}

}  // namespace

priority_word::priority_word(const region_core& in, words& shared, std::string_view name)
    : in_{&in}, words_{&shared} {
    // relaxed: it was there before the mutex had its name
    if (shared.pid_namespace.load(std::memory_order_relaxed) == os::pid_namespace()) return;
    throw error{errc::unsupported, "use mutex", name,
                "it lends priority, which works inside one pid namespace only; it was made in "
                "another one"};
}

std::uint64_t priority_word::ours() const noexcept {
    return std::uint64_t{in_->self().bits()} << 32 | thread_number();
}

std::uint32_t& priority_word::thread_half() const noexcept {
    return *reinterpret_cast<std::uint32_t*>(const_cast<std::uint64_t*>(words_->word.address()));
}

ownership priority_word::try_take() {
    std::uint64_t seen = 0;
    if (words_->word.compare_exchange(seen, ours(), std::memory_order_acquire)) {  // SYNC priority
        return note_taken(false);
    }
    return take_over(seen);
}

// From a dead owner, where nobody sleeps: the kernel passes it on where somebody does.
ownership priority_word::take_over(std::uint64_t seen) {
    if ((thread_of(seen) & kernel_bits) != 0 || owner_of(seen).nobody()) return ownership::none;
    if (!in_->dead(owner_of(seen))) return ownership::none;
    if (!words_->word.compare_exchange(seen, ours(), std::memory_order_acquire)) {  // SYNC priority
        return ownership::none;
    }
    return note_taken(true);
}

ownership priority_word::note_taken(bool inherited) noexcept {
    // relaxed, both: the word orders them
    if (inherited) words_->inherited.store(1, std::memory_order_relaxed);
    const bool before = words_->inherited.load(std::memory_order_relaxed) != 0;
    return before ? ownership::inherited : ownership::clean;
}

// The kernel gave it to us, with the stamp of the last owner still in it.
ownership priority_word::note_given() noexcept {
    std::uint64_t seen = words_->word.load(std::memory_order_acquire);  // SYNC priority
    const bool died = (thread_of(seen) & os::priority_died_bit) != 0;
    const ownership got = note_taken(died);
    std::uint64_t mine = 0;
    do {  // somebody may set `waiters` meanwhile
        mine = ours() | (seen & os::priority_waiters_bit);
    } while (
        !words_->word.compare_exchange(seen, mine, std::memory_order_relaxed));  // relaxed: ours
    return got;
}

ownership priority_word::take(const patience& limit) {
    std::uint32_t stranger = 0;
    for (;;) {
        const ownership at_once = try_take();
        if (at_once != ownership::none) return at_once;
        if (limit.stop.stop_requested()) return ownership::none;
        if (limit.until != never && clock::now() >= limit.until) return ownership::none;
        // The kernel knows nothing of stops, nor of our seats: what it waits for is looked at again
        // within this time.
        const auto woken = os::priority_lock(thread_half(), std::min(limit.until, after(recheck)));
        if (woken == priority_result::taken) return note_given();
        if (woken == priority_result::timed_out) stranger = complain_of(stranger);
        if (woken == priority_result::own) {
            throw error{errc::damaged, "lock a mutex", {}, "its word says that this thread has it"};
        }
        if (woken != priority_result::owner_gone) continue;
        const ownership left = take_from_nobody();
        if (left != ownership::none) return left;
    }
}

// The thread that has it, where it belongs to no process with a seat. It may have ended just now,
// which the kernel tells; who is still there at the next look was never one of us.
std::uint32_t priority_word::complain_of(std::uint32_t stranger) const {
    // relaxed: a look
    const std::uint32_t seen =
        thread_of(words_->word.load(std::memory_order_relaxed)) & os::priority_thread_mask;
    if (seen == 0 || is_one_of_us(seen)) return 0;
    if (seen != stranger) return seen;
    throw error{
        errc::damaged, "lock a mutex", {}, "its word names a thread of no process in the region"};
}

bool priority_word::is_one_of_us(std::uint32_t thread) const {
    const auto seats = in_->seats().seats();
    return std::any_of(seats.begin(), seats.end(), [&](const memory::seat_entry& seat) {
        // relaxed, both: who sits there longer than a look takes is found
        const std::uint32_t pid = seat.pid.load(std::memory_order_relaxed);
        return memory::is_active(seat.word.load(std::memory_order_relaxed)) &&
               os::has_thread(static_cast<int>(pid), static_cast<int>(thread));
    });
}

// The kernel knows no such thread: its process died without a stamp in the word, between two steps.
ownership priority_word::take_from_nobody() noexcept {
    // relaxed: the exchange orders
    std::uint64_t seen = words_->word.load(std::memory_order_relaxed);
    if (thread_of(seen) == 0) return ownership::none;
    if (!words_->word.compare_exchange(seen, ours(), std::memory_order_acquire)) {  // SYNC priority
        return ownership::none;
    }
    return note_taken(true);
}

void priority_word::give_up(left_as how) noexcept {
    // relaxed: the exchange orders
    if (how == left_as::consistent) words_->inherited.store(0, std::memory_order_relaxed);
    std::uint64_t seen = ours();
    if (words_->word.compare_exchange(seen, 0, std::memory_order_release)) return;  // SYNC priority
    // Somebody sleeps: the stamp goes first, then the kernel passes the rest on. SYNC priority
    while (!words_->word.compare_exchange(seen, thread_of(seen), std::memory_order_release)) {
    }
    try {
        os::priority_unlock(thread_half());
    } catch (const error&) {
        // damaged: it is not ours any more
    }
}

}  // namespace signet::sync
