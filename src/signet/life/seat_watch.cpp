// SPDX-License-Identifier: Apache-2.0
#include <signet/life/seat_watch.hpp>

#include <signet/base/error.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/heart.hpp>
#include <signet/os/signal.hpp>

#include <algorithm>
#include <climits>
#include <exception>
#include <optional>
#include <utility>

namespace signet::life {
namespace {

using namespace std::chrono_literals;
using memory::seat_entry;

// How often to look whether a process that is being taken down has let its byte go: nothing tells.
constexpr std::chrono::nanoseconds first_look = 50us;
constexpr std::chrono::nanoseconds longest_look = 50ms;

// Besides the hearts: the stop, and those who join.
constexpr std::size_t hearts_max = os::futex_waiters_max - 2;

const std::uint32_t* address_of(const memory::shared_word<std::uint32_t>& word) {
    return word.address();
}

}  // namespace

seat_watch::seat_watch(seat_table& seats, take_back recover)
    : seats_{&seats}, recover_{std::move(recover)} {
    std::promise<void> seated;
    std::future<void> outcome = seated.get_future();
    {
        const os::blocked_signals here;  // inherited by the thread: signals are the user's
        thread_ = std::thread{[this, &seated] { run(seated); }};
    }
    try {
        outcome.get();
    } catch (...) {
        thread_.join();
        throw;
    }
}

seat_watch::~seat_watch() {
    stopping_.store(true, std::memory_order_release);  // SYNC stopping
    stop_.post();
    thread_.join();
}

void seat_watch::run(std::promise<void>& seated) {
    std::optional<os::heart> heart;
    try {
        seats_->claim(recover_, [&](seat_entry& seat) {
            heart.reset();
            heart.emplace(*const_cast<std::uint32_t*>(address_of(seat.heart)));
        });
        announce();
    } catch (...) {
        heart.reset();
        return seated.set_exception(std::current_exception());
    }
    seated.set_value();
    watch();
    heart.reset();  // the seat may be somebody else's as soon as it is left
    seats_->leave(recover_);
}

// T5. The other watches are to watch us.
void seat_watch::announce() {
    // relaxed: ordered by the kernel's wake, and found anew by each look
    seats_->header().joined.fetch_add(1, std::memory_order_relaxed);
    os::futex_wake(*address_of(seats_->header().joined), INT_MAX);
}

void seat_watch::watch() {
    std::chrono::nanoseconds patience = first_look;
    for (;;) {
        bool awaited = collect();
        if (stopping_.load(std::memory_order_acquire)) return;  // SYNC stopping
        try {
            if (seats_->sweep_all(recover_) != 0) continue;  // H1
        } catch (const error&) {
            awaited = true;  // the kernel was short of something
        }
        sleep(awaited ? after(patience) : never);
        patience = awaited ? std::min(patience * 2, longest_look) : first_look;
    }
}

void seat_watch::sleep(deadline until) try {
    os::futex_wait_any(words_, until);  // H2
} catch (const error&) {
    // It was short of memory for so many words; the others are looked at from time to time.
    words_.resize(1);
    os::futex_wait_any(words_, std::min(until, after(longest_look)));
}

// The words to sleep on, from the seat after ours on. True: somebody's end has begun, and nothing
// will tell when it is over.
bool seat_watch::collect() {
    bool awaited = false;
    words_.clear();
    words_.push_back(stop_.watch());
    const auto& joined = seats_->header().joined;
    // relaxed, here and below: hints; a look that comes too early is followed by a wake
    words_.push_back({address_of(joined), joined.load(std::memory_order_relaxed)});
    const std::span<seat_entry> all = seats_->seats();
    for (std::size_t i = 1; i < all.size(); ++i) {
        const seat_entry& seat = all[(seats_->self().seat() + i) % all.size()];
        if (!memory::is_active(seat.word.load(std::memory_order_relaxed))) continue;  // as above
        const std::uint32_t heart = seat.heart.load(std::memory_order_relaxed);  // relaxed: a hint
        if ((heart & os::heart_stopped) != 0) {
            awaited = true;
        } else if (heart != 0 && words_.size() < hearts_max + 2) {
            words_.push_back({address_of(seat.heart), heart});
        }
    }
    return awaited;
}

}  // namespace signet::life
