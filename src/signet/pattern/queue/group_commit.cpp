// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/group_commit.hpp>

#include <signet/base/error.hpp>
#include <signet/memory/access.hpp>
#include <signet/os/cpu.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/signal.hpp>
#include <signet/pattern/queue/log_fields.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace signet::pattern {
namespace {

// Who was woken in place of others may have died, and so may a leader, whose death nobody rings.
constexpr std::chrono::milliseconds look_again{20};

// What is finished is brought to the disk by who pushes; where nobody does, after this.
constexpr std::chrono::milliseconds finished_lag{5};

// Who opens or leaves the queue waits for nobody else's sync longer than this.
constexpr std::chrono::seconds parting_limit{1};

// The part of a sync that a leader waits for those who were in the round before.
constexpr int waiting_part = 2;
constexpr std::chrono::microseconds waiting_max{10000};
constexpr std::uint32_t usual_max = 1000;

// A sync that is no longer is waited for awake.
constexpr std::chrono::microseconds short_sync{500};

bool is_over(const sync::patience& limit) {
    return limit.stop.stop_requested() || (limit.until != never && clock::now() >= limit.until);
}

}  // namespace

group_commit::group_commit(opened_log opened)
    : opened_{std::move(opened)},
      no_lock_of_children_{opened_.lock_file.fd()},
      log_{opened_.directory, opened_.accord.words().end, opened_.segment_bytes} {}

group_commit::~group_commit() = default;

void group_commit::begin_use(queue_core& queue) {
    in_use_ =
        os::range_lock::take(opened_.lock_file, os::lock_kind::shared, opened_log::using_byte);
    commit_what_is_left(queue);
}

void group_commit::commit_what_is_left(queue_core& queue) noexcept {
    try {
        queue.find_unsettled();
        if (may_have_work(queue)) commit(queue, {after(parting_limit), {}});
    } catch (...) {
        // Whoever pushes is told; what is finished here comes again after a stop of the machine.
    }
}

// A round that was broken off may have taken what was touched with it.
bool group_commit::may_have_work(const queue_core& queue) const noexcept {
    const commit_words& words = opened_.accord.words();
    // relaxed, both: a look
    const std::uint32_t started = words.started.load(std::memory_order_relaxed);
    return queue.may_be_unsettled() || words.ended.load(std::memory_order_relaxed) != started;
}

bool group_commit::has_ended_after(std::uint32_t started) const noexcept {
    const std::uint32_t ended =
        opened_.accord.words().ended.load(std::memory_order_acquire);  // SYNC round
    return static_cast<std::int32_t>(ended - started) > 0;
}

bool group_commit::commit(queue_core& queue, const sync::patience& limit) {
    const std::stop_callback woken{limit.stop, [this] { tell_others(); }};
    commit_words& words = opened_.accord.words();
    words.arrived.fetch_add(1, std::memory_order_relaxed);  // relaxed: a hint
    memory::fence(std::memory_order_seq_cst);               // L1 before this look. SYNC round-begun
    // relaxed: the fences order it
    const std::uint32_t started = words.started.load(std::memory_order_relaxed);
    while (!has_ended_after(started)) {
        // relaxed: a change of it is a hint
        const std::uint32_t turns = words.turns.load(std::memory_order_relaxed);
        if (try_lead(queue)) continue;
        if (is_over(limit)) return false;
        if (gives_way_until([&] { return has_ended_after(started); }, turns)) return true;
        sleep_while(turns, limit.until);
    }
    return true;
}

// For about as long as a sync takes, where that is not much longer than a wake-up: who leads sleeps
// in the kernel meanwhile, and those who wait have nothing else to do. Whether the round has ended.
template <class Ended>
bool group_commit::gives_way_until(Ended&& ended, std::uint32_t turns) const {
    const commit_words& words = opened_.accord.words();
    // relaxed: a hint
    const std::chrono::microseconds sync{words.sync_us.load(std::memory_order_relaxed)};
    const auto until = clock::now() + (sync <= short_sync ? 2 * sync : sync * 0);
    do {
        if (ended()) return true;
        // relaxed: a change of it is a hint
        if (words.turns.load(std::memory_order_relaxed) != turns) return false;
        os::yield_cpu();
    } while (clock::now() < until);
    return ended();
}

void group_commit::sleep_while(std::uint32_t turns, deadline until) {
    os::futex_wait(*opened_.accord.words().turns.address(), turns,
                   std::min(until, after(look_again)));
}

void group_commit::tell_others() noexcept {
    commit_words& words = opened_.accord.words();
    words.turns.fetch_add(1, std::memory_order_relaxed);  // relaxed: a hint
    try {
        os::futex_wake(*words.turns.address(), std::numeric_limits<int>::max());
    } catch (const error&) {
        // The others look again by themselves.
    }
}

bool group_commit::try_lead(queue_core& queue) {
    // The lock goes first: who is woken takes it.
    struct told_at_last {
        group_commit* self;
        ~told_at_last() { self->tell_others(); }
    };
    std::unique_lock ours{leading_, std::try_to_lock};
    if (!ours) return false;
    auto turn = os::range_lock::try_take(opened_.lock_file, os::lock_kind::exclusive,
                                         opened_log::commit_byte);
    if (!turn) return false;
    const told_at_last tell{this};
    const std::optional<os::range_lock> held{std::move(turn)};
    const std::unique_lock let_go{std::move(ours)};
    lead(queue);
    return true;
}

void group_commit::lead(queue_core& queue) {
    commit_words& words = opened_.accord.words();
    wait_for_others();
    // relaxed: only who leads changes it
    const std::uint32_t before = words.started.load(std::memory_order_relaxed);
    // relaxed: as above
    const bool was_broken_off = words.ended.load(std::memory_order_relaxed) != before;
    const std::uint32_t round = before + 1;
    words.started.store(round, std::memory_order_relaxed);  // relaxed: the fences order it
    memory::fence(std::memory_order_seq_cst);               // before L4. SYNC round-begun
    collect(queue, was_broken_off);
    append_all(queue);
    note_usual();
    words.ended.store(round, std::memory_order_release);  // SYNC round
    if (entries_.empty()) return;
    queue.ring_settled();
    if (!log_.may_collect()) return;
    tell_others();  // what follows takes a while
    try {
        log_.collect(queue.tickets());
    } catch (const error&) {
        // All is safe; where the disk is at its end, the next round says so.
    }
}

// Those of the round before were told a moment ago and may be about to push again; others came
// during its sync. A round for each half of them would take twice as long, and two halves that take
// turns would do so for ever. So it waits for as many as both are together, but not for long.
void group_commit::wait_for_others() noexcept {
    commit_words& words = opened_.accord.words();
    // relaxed, all: hints
    const std::uint32_t counted = words.counted.load(std::memory_order_relaxed);
    const std::uint32_t usual = std::min(words.usual.load(std::memory_order_relaxed), usual_max);
    const std::chrono::microseconds sync{words.sync_us.load(std::memory_order_relaxed)};
    const auto until = clock::now() + std::min(sync / waiting_part, waiting_max);
    const auto came = [&] {
        return words.arrived.load(std::memory_order_relaxed) - counted;  // relaxed: a hint
    };
    while (came() < usual && clock::now() < until) std::this_thread::yield();
    in_round_ = came();
    words.counted.store(counted + in_round_, std::memory_order_relaxed);  // relaxed: a hint
}

// Those of this round, and who came meanwhile.
void group_commit::note_usual() noexcept {
    commit_words& words = opened_.accord.words();
    // relaxed, all: hints
    const std::uint32_t since = words.arrived.load(std::memory_order_relaxed) -
                                words.counted.load(std::memory_order_relaxed);
    words.usual.store(in_round_ + since, std::memory_order_relaxed);
}

// L4. Payloads are read where they lie; fields are made here.
void group_commit::collect(queue_core& queue, bool all) {
    places_.clear();
    entries_.clear();
    fields_.clear();
    bytes_.clear();
    const std::chrono::nanoseconds offset = wall_offset();
    queue.for_each_unsettled(all, [&](const queue_core::unsettled& one) {
        places_.push_back(one.record.place);
        fields_.push_back(bytes_.size());
        log_entry entry{.identity = one.record.facts.identity};
        if (!one.finished) {
            entry.kind = entry_kind::pushed;
            entry.payload = one.record.payload;
            append_fields(bytes_, one.record.facts, offset);
        }
        entries_.push_back(entry);
    });
    fields_.push_back(bytes_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        entries_[i].fields = std::span{bytes_}.subspan(fields_[i], fields_[i + 1] - fields_[i]);
    }
}

// L4 to L6, as many groups as it takes.
void group_commit::append_all(queue_core& queue) {
    const std::uint64_t tickets = queue.tickets();
    const auto begin = clock::now();
    for (std::size_t done = 0; done < entries_.size();) {
        const std::size_t count = log_.append(std::span{entries_}.subspan(done), tickets);
        settle(queue, done, done + count);
        done += count;
    }
    if (entries_.empty()) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begin);
    opened_.accord.words().sync_us.store(static_cast<std::uint32_t>(took.count()),
                                         std::memory_order_relaxed);  // relaxed: a hint
}

void group_commit::settle(queue_core& queue, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) queue.settle(places_[i]);
}

void group_commit::cure(queue_core& queue) {
    collect(queue, true);
    log_.cure(entries_, queue.tickets());
    settle(queue, 0, entries_.size());
    queue.ring_settled();
}

// ---- what was finished --------------------------------------------------------------------------

void group_commit::finished(queue_core& queue) {
    const std::lock_guard turn{finishing_};
    is_finished_ = true;
    any_finished_.notify_one();
    if (follower_.joinable()) return;
    const os::blocked_signals none_for_the_thread;
    follower_ =
        std::jthread{[this, &queue](const std::stop_token& stop) { follow_finished(queue, stop); }};
}

void group_commit::follow_finished(queue_core& queue, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::unique_lock turn{finishing_};
        if (!any_finished_.wait(turn, stop, [&] { return is_finished_; })) return;
        is_finished_ = false;
        any_finished_.wait_for(turn, stop, finished_lag, [] { return false; });
        turn.unlock();
        try {
            if (may_have_work(queue)) commit(queue, {never, stop});
        } catch (const error&) {
            // Whoever pushes is told; what is finished here comes again after a stop of the
            // machine.
        }
    }
}

void group_commit::close(queue_core& queue) noexcept {
    {
        const std::lock_guard turn{finishing_};
        follower_.request_stop();
    }
    if (follower_.joinable()) follower_.join();
    commit_what_is_left(queue);
}

}  // namespace signet::pattern
