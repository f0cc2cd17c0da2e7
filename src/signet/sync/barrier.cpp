// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/barrier.hpp>

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>
#include <signet/sync/region_core.hpp>

#include <algorithm>
#include <climits>

namespace signet::sync {
namespace {

using memory::object_kind;
using memory::stamp;

// The word of the round.
constexpr std::uint32_t somebody_sleeps = 1;
constexpr std::uint32_t one_death = 2;
constexpr std::uint32_t deaths_mask = 0xfe;
constexpr unsigned round_shift = memory::meeting_round_shift;
constexpr std::uint32_t round_mask = UINT32_MAX >> round_shift;

constexpr std::uint32_t round_of(std::uint32_t word) {
    return word >> round_shift;
}

constexpr unsigned check_shift = 56;

/// 0 where no byte, or more than one, is another than it should be.
constexpr std::uint64_t flaw_of(std::uint64_t word) {
    word ^= word >> 32;
    word ^= word >> 16;
    word ^= word >> 8;
    return word & 0xff;
}

constexpr std::uint64_t place_word(std::uint32_t arrived, stamp owner) {
    const std::uint64_t word = std::uint64_t{arrived & round_mask} << 32 | owner.bits();
    return flaw_of(word) << check_shift | word;
}
constexpr std::uint32_t arrived_of(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 32) & round_mask;
}
constexpr stamp owner_of(std::uint64_t word) {
    return stamp::of(static_cast<std::uint32_t>(word));
}

/// Stands in the place of somebody dead: the stamp of no seat.
const stamp gone = stamp::of(stamp::mask);

// Rounds are counted modulo 2^24; only the distance says which is later.
bool has_arrived(std::uint64_t word, std::uint32_t round) {
    return ((arrived_of(word) - round - 1) & round_mask) <= round_mask / 2 &&
           !owner_of(word).nobody() && flaw_of(word) == 0;
}

std::uint32_t checked(std::uint32_t participants) {
    if (participants == 0 || participants > meeting::participants_max) {
        throw error{errc::bad_option,
                    "make a barrier or latch",
                    {},
                    "it has 1 to " + std::to_string(meeting::participants_max) + " participants"};
    }
    return participants;
}

}  // namespace

meeting::meeting(const region& in, object_kind kind, std::string_view name,
                 std::uint32_t participants, life::wait_mode waiting)
    : in_{in.core()},
      name_{name},
      once_{kind == object_kind::latch},
      count_{checked(participants)},
      words_{in_->words_of<words>({.kind = kind,
                                   .name = name,
                                   .bytes = std::max<std::uint64_t>(
                                       memory::line_bytes, sizeof(words) + count_ * sizeof(place)),
                                   .shape = count_})},
      mode_{waiting},
      spinner_{waiting} {}

void meeting::join() {
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (try_join(words_->places[i])) return;
    }
    throw error{errc::limit_reached, "take part in", name_,
                "all " + std::to_string(count_) + " participants are there"};
}

// Who takes the place of one that had arrived has arrived as well.
bool meeting::try_join(place& at) {
    std::uint64_t seen = at.word.load(std::memory_order_acquire);  // SYNC place
    while (is_vacant(seen)) {
        const std::uint32_t now = round();
        const std::uint32_t arrived = has_arrived(seen, now) ? arrived_of(seen) : now;
        // Refused where somebody marks the place of a dead one right now: it is still vacant then.
        if (!at.word.compare_exchange(seen, place_word(arrived, in_->self()),
                                      std::memory_order_acq_rel)) {  // SYNC place
            continue;
        }
        // relaxed: for people
        at.pid.store(static_cast<std::uint32_t>(os::current_pid()), std::memory_order_relaxed);
        own_ = &at;
        return true;
    }
    return false;
}

// Nobody's, or of somebody dead. Who has counted down a latch is not missed: its place is used up.
bool meeting::is_vacant(std::uint64_t word) const {
    const stamp owner = owner_of(word);
    if (flaw_of(word) != 0) return false;
    if (owner.nobody()) return true;
    if (owner != gone && !in_->dead(owner)) return false;
    return !once_ || !has_arrived(word, 0);
}

void meeting::leave() noexcept {
    if (own_ == nullptr || !in_->here()) return;
    own_->word.store(0, std::memory_order_release);  // SYNC place
    own_ = nullptr;
}

std::uint32_t meeting::round() const {
    in_->check_process();
    return round_of(words_->round.load(std::memory_order_acquire));  // SYNC round
}

std::uint32_t meeting::arrive() {
    in_->check_process();
    const std::uint32_t now = round();
    own_->word.store(place_word((now + 1) & round_mask, in_->self()),
                     std::memory_order_seq_cst);  // SYNC place
    if (all_arrived(now)) end(now);
    return now;
}

bool meeting::all_arrived(std::uint32_t round) const noexcept {
    for (std::uint32_t i = 0; i < count_; ++i) {
        const std::uint64_t word =
            words_->places[i].word.load(std::memory_order_seq_cst);  // SYNC place
        if (!has_arrived(word, round)) return false;
    }
    return true;
}

// Whoever is first; the round is then another one.
void meeting::end(std::uint32_t round) noexcept {
    std::uint32_t seen =
        words_->round.load(std::memory_order_relaxed);  // relaxed: the exchange orders
    while (round_of(seen) == round) {
        const std::uint32_t next = (round + 1) << round_shift;
        if (!words_->round.compare_exchange(seen, next, std::memory_order_acq_rel))
            continue;  // SYNC round
        if ((seen & somebody_sleeps) != 0) wake(words_->round, INT_MAX);
        return;
    }
}

bool meeting::wait(std::uint32_t round, const patience& limit) {
    in_->check_process();
    if (look_for_end(round, limit.until)) return true;
    sleeper waiting{limit};
    do {
        if (all_arrived(round)) {  // who was to end it died
            end(round);
            return true;
        }
        complain_of_dead(round);
        if (waiting.over()) return false;
        sleep(round, waiting);
    } while (!look_for_end(round, limit.until));
    return true;
}

// At times the caller looks whether somebody has died, and whether a stop was asked for.
bool meeting::look_for_end(std::uint32_t round, deadline until) {
    constexpr std::chrono::milliseconds at_times{1};
    const auto ended = [&] {
        return round_of(words_->round.load(std::memory_order_acquire)) != round;  // SYNC round
    };
    return ended() || spinner_.spin(ended, std::min(until, after(at_times))) || ended();
}

void meeting::sleep(std::uint32_t round, sleeper& waiting) {
    if (mode_ == life::wait_mode::poll) return;
    std::uint32_t seen = words_->round.load(std::memory_order_relaxed);  // relaxed: compared below
    if (round_of(seen) != round) return;
    const std::uint32_t armed = seen | somebody_sleeps;
    // Before the look: a sweep from now on changes the word, or was before. SYNC roused
    if (!words_->round.compare_exchange(seen, armed, std::memory_order_acquire)) return;
    if (all_arrived(round) || is_anybody_missing(round)) return;
    spinner_.learn_from([&] { waiting.sleep(words_->round, armed); });
}

bool meeting::is_damaged(const place& at) const noexcept {
    return flaw_of(at.word.load(std::memory_order_relaxed)) != 0;  // relaxed: a look
}

// Has not arrived, and is dead, or nobody can say whose place it is.
bool meeting::is_missing(const place& at, std::uint32_t round) const {
    const std::uint64_t word = at.word.load(std::memory_order_acquire);  // SYNC place
    const stamp owner = owner_of(word);
    if (flaw_of(word) != 0) return true;
    if (owner.nobody() || has_arrived(word, round)) return false;
    return owner == gone || in_->dead(owner);
}

bool meeting::is_anybody_missing(std::uint32_t round) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
        if (is_missing(words_->places[i], round)) return true;
    }
    return false;
}

void meeting::complain_of_dead(std::uint32_t round) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
        const place& at = words_->places[i];
        // Twice: it may have arrived after the first look, and died then.
        if (!is_missing(at, round) || !is_missing(at, round)) continue;
        if (is_damaged(at)) {
            throw error{errc::damaged, "wait for all at", name_,
                        "the place of participant " + std::to_string(i) + " is damaged"};
        }
        // relaxed: for people
        const std::uint32_t pid = at.pid.load(std::memory_order_relaxed);
        throw error{errc::peer_died, "wait for all at", name_,
                    "participant " + std::to_string(i) + " (pid " + std::to_string(pid) +
                        ") died before it arrived; another one may take its place"};
    }
}

void meeting::take_back(std::byte* where, std::uint64_t bytes, stamp dead) noexcept {
    auto& all = *reinterpret_cast<words*>(where);
    const std::uint64_t count = (bytes - offsetof(words, places)) / sizeof(place);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t seen = all.places[i].word.load(std::memory_order_acquire);  // SYNC place
        while (owner_of(seen) == dead && flaw_of(seen) == 0 &&
               !all.places[i].word.compare_exchange(seen, place_word(arrived_of(seen), gone),
                                                    std::memory_order_acq_rel)) {  // SYNC place
        }
    }
    rouse(all.round);
}

// W3. Who is about to sleep finds another word. The bit stays: should we be stopped before the
// wake, the round's end is still to wake them.
void meeting::rouse(memory::shared_word<std::uint32_t>& round) noexcept {
    // relaxed: the exchange orders
    std::uint32_t seen = round.load(std::memory_order_relaxed);
    std::uint32_t next = 0;
    do {
        next = (seen & ~deaths_mask) | ((seen + one_death) & deaths_mask);
    } while (!round.compare_exchange(seen, next, std::memory_order_release));  // SYNC roused
    wake(round, INT_MAX);
}

// ---- the two kinds ------------------------------------------------------------------------------

barrier::barrier(const region& in, std::string_view name, std::uint32_t participants,
                 life::wait_mode waiting)
    : meeting_{in, object_kind::barrier, name, participants, waiting} {
    meeting_.join();
}

latch::latch(const region& in, std::string_view name, std::uint32_t participants, latch_role role,
             life::wait_mode waiting)
    : meeting_{in, object_kind::latch, name, participants, waiting}, role_{role} {
    if (role_ == latch_role::counts_down && !try_wait()) meeting_.join();
}

latch::~latch() {
    if (!counted_) meeting_.leave();
}

void latch::count_down() {
    if (role_ == latch_role::waits_only) {
        throw contract_violation{"count down latch '" + meeting_.name() +
                                 "': it was opened to wait only"};
    }
    counted_ = true;
    if (!try_wait()) meeting_.arrive();
}

}  // namespace signet::sync
