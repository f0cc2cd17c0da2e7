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

const std::uint32_t* address_of(const memory::shared_word<std::uint32_t>& word) {
    return word.address();
}

}  // namespace

seat_watch::seat_watch(seat_table& seats, take_back recover)
    : seats_{&seats}, recover_{std::move(recover)} {
    words_.reserve(os::futex_waiters_max);
    ended_.reserve(seats.seats().size());
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
            announce();
        });
    } catch (...) {
        heart.reset();
        return seated.set_exception(std::current_exception());
    }
    seated.set_value();
    watch();
    seats_->leave(recover_, [&] { heart.reset(); });
}

// T4. The other watches are to watch us.
void seat_watch::announce() {
    seats_->header().joined.fetch_add(1, std::memory_order_release);  // SYNC joined
    os::futex_wake(*address_of(seats_->header().joined), INT_MAX);
}

void seat_watch::watch() {
    look_at([&] { seats_->sweep_all(recover_); });  // who died when nobody was there to be told
    std::chrono::nanoseconds patience = first_look;
    for (;;) {
        collect();
        if (stopping_.load(std::memory_order_acquire)) return;  // SYNC stopping
        for (const std::uint32_t seat : ended_) {
            look_at([&] { seats_->sweep_seat(seat, recover_); });  // H1
        }
        sleep(ended_.empty() ? never : after(patience));
        patience = ended_.empty() ? first_look : std::min(patience * 2, longest_look);
    }
}

template <class Look>
void seat_watch::look_at(Look&& look) try {
    look();
} catch (const error&) {
    // The kernel was short of something. Whoever's end has begun is looked at again.
}

void seat_watch::sleep(deadline until) try {
    os::futex_wait_any(words_, until);  // H2
} catch (const error&) {
    // It was short of memory for so many words, or cannot watch several: all is looked at from time
    // to time.
    const os::futex_waiter& joined = words_[1];
    os::futex_wait(*joined.word, joined.expected, std::min(until, after(longest_look)));
}

// The words to sleep on, and the seats to look at: those where somebody's end has begun, and
// nothing will tell when it is over, or was not put in order. From the seat after ours on.
void seat_watch::collect() {
    words_.clear();
    ended_.clear();
    words_.push_back(stop_.watch());
    const auto& joined = seats_->header().joined;
    words_.push_back({address_of(joined), joined.load(std::memory_order_acquire)});  // SYNC joined
    const auto count = static_cast<std::uint32_t>(seats_->seats().size());
    for (std::uint32_t i = 1; i < count; ++i) collect((seats_->self().seat() + i) % count);
}

void seat_watch::collect(std::uint32_t number) {
    const seat_entry& seat = seats_->seats()[number];
    // relaxed, both: hints; a look that comes too early is followed by a wake
    const std::uint32_t word = seat.word.load(std::memory_order_relaxed);
    const std::uint32_t heart = seat.heart.load(std::memory_order_relaxed);  // relaxed: likewise
    const bool stopped = (heart & os::heart_stopped) != 0;
    if (!memory::is_free(word) && (stopped || !memory::is_active(word))) {
        ended_.push_back(number);
    } else if (heart != 0 && !stopped && words_.size() < os::futex_waiters_max) {
        words_.push_back(
            {address_of(seat.heart), heart});  // of a free seat, too: it is about to sit
    }
}

}  // namespace signet::life
