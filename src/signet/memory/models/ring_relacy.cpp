// SPDX-License-Identifier: Apache-2.0
// A model of the topic ring (docs/design/topic-ring.md) for the Relacy race detector: the C++
// memory orders of one publisher and two readers, one that blocks the publisher and one that drops
// the oldest. Any of the three may die between any two shared accesses; its death is then told, as
// the kernel does, by a word that is stored (release) after everything it did.
//
//     c++ -std=c++11 -O1 -w -Isrc ring_relacy.cpp && ./a.out <variant> <interleavings>
//
// Steps bear the labels of the design page: P1 to P5, M1 to M6, R1 to R7, F, C1 to C4, E1, E2. A
// ring of two slots, a batch of one, one hazard for each reader, one loan. Not modelled: bells (the
// publisher polls for room), joining (see join.pml), hostile words.
//
// In `cursor_*` the blocking reader reads at its cursor and may hold two messages, so that one of
// them can be kept beyond the next receive; it may stop reading (abandon) while it holds. The
// publisher evicts it at random moments. It also has `passing` go up and down for the sake of
// somebody else, who is not modelled. In half of the interleavings the other reader is not there,
// and in some the blocking one is stopped for a while. The membarrier is Relacy's system-wide
// fence.
//
// What is checked in each interleaving:
//  - an accepted payload is the one published under its number (invariants 1 and 2);
//  - no chunk is written while a reader holds it, and no two plain accesses race (invariant 3);
//  - the blocking reader is never passed and receives every committed message (invariant 4);
//  - the other one receives in order, and what it did not receive it counted;
//  - there is a free chunk whenever one is needed (invariant 5).
// One that was evicted receives in order and without loss, up to the first gap.
//
// Each variant but `good` leaves out one thing and must be rejected. Relacy keeps the release
// sequences of C++11, so it does not see that C++20 needs a release in R4: there, another plain
// store by the thread that made the release store no longer continues its sequence.
#include <signet/base/models/relacy_run.hpp>

namespace {

enum {
    good,
    stamp_relaxed,       // P4 relaxed
    no_publisher_fence,  // M3 missing
    scan_first,          // M4 before M2
    scan_relaxed,        // M4 relaxed, where it must be acquire
    late_frontier,       // M2 after P2..P4
    no_copy_fence,       // the acquire fence of R3 missing
    no_hazard_fence,     // the seq_cst fence of R4 missing
    release_relaxed,     // R6 relaxed
    frontier_unchecked,  // R4 without its look at the frontier
    early_cursor,        // R7 before R2
    small_pool,          // one chunk fewer than invariant 5 asks for

    cursor_good,
    cursor_no_barrier,      // E1 without its membarrier
    cursor_evict_first,     // E2 before E1
    cursor_early_reset,     // passing = 0 while one that is evicted may still read
    cursor_passing_first,   // C2 before C1
    cursor_relaxed,         // C1 relaxed
    cursor_late_hazard,     // C3 after C1
    cursor_inline_on,       // C3 missing where the next message is an inline one
    cursor_uncounted,       // C4 missing: the cursor is not counted
    cursor_counted_last,    // C4 loads the cursor after the hazards
    cursor_counted_always,  // C4 counts the cursor where all hazards are set, too
    cursor_small_pool,      // one chunk fewer than invariant 5 asks for
};

char const* const variant_names[] = {
    "good",
    "stamp_relaxed",
    "no_publisher_fence",
    "scan_first",
    "scan_relaxed",
    "late_frontier",
    "no_copy_fence",
    "no_hazard_fence",
    "release_relaxed",
    "frontier_unchecked",
    "early_cursor",
    "small_pool",

    "cursor_good",
    "cursor_no_barrier",
    "cursor_evict_first",
    "cursor_early_reset",
    "cursor_passing_first",
    "cursor_relaxed",
    "cursor_late_hazard",
    "cursor_inline_on",
    "cursor_uncounted",
    "cursor_counted_last",
    "cursor_counted_always",
    "cursor_small_pool",
};

bool by_cursor() {
    return variant >= cursor_good;
}

int const depth = 2;
int const batch = 1;
int const readers = 2;
int const loans = 1;
int const holds_max = 2;
int const chunks_max = depth + loans + readers + 1;
int const never = 1 << 20;
int const abandoned = 1 << 20;  // a cursor
int const no_hold = -1;

int message_count() {
    return by_cursor() ? 6 : 5;
}

// Only a reader that may hold two can keep one while it receives the next.
int grant_of(int r) {
    return by_cursor() && r == 0 ? 2 : 1;
}

int word_of(int message, int k) {
    return 100 * (message + 1) + k;
}

struct death {};

// What one reader shares: its page, and what the kernel tells when it has gone.
struct page {
    rl::atomic<int> cursor;
    rl::atomic<int> hazard[holds_max];
    rl::atomic<int> gone;
};

// A message that the reader which reads at its cursor has not released.
struct sample {
    int message;
    int chunk;
    int hold;
};

// The messages that a scan found held.
struct scanned {
    int message[readers * holds_max + 1];
    int count;
};

struct ring : rl::test_suite<ring, 1 + readers> {
    rl::atomic<int> stamp[depth];
    rl::atomic<int> shape[depth];  // 0: inline; c + 1: chunk c
    rl::atomic<int> payload[depth][2];
    rl::var<int> chunk[chunks_max][2];
    rl::atomic<int> frontier;
    rl::atomic<int> passing;
    rl::atomic<int> closed;
    page pages[readers];

    // Private to the publisher.
    int limit;
    int own_frontier;
    bool in_table[readers];
    int free_list[chunks_max];
    int free_count;
    int chunk_of[depth];  // of the message in that slot; -1: inline, or freed
    struct retired {
        int message;
        int chunk;
    } limbo[chunks_max];
    int limbo_count;
    bool evicted;        // the blocking reader
    bool other_evicted;  // somebody else
    bool passes;         // what `passing` says

    // Private to the reader that reads at its cursor.
    sample samples[holds_max];
    int sample_count;
    int at_cursor;  // the hold of the message there
    int told;       // its cursor

    // Seen by the checker alone.
    int steps_left[1 + readers];
    int committed;
    int held[chunks_max];
    int position[readers];
    int received[readers];
    int lost[readers];
    bool died[1 + readers];
    bool gave_up;  // it abandoned
    bool alone;    // the blocking reader is

    void before() {
        for (int i = 0; i != depth; ++i) {
            stamp[i].store(0, rl::memory_order_relaxed);
            shape[i].store(0, rl::memory_order_relaxed);
            payload[i][0].store(0, rl::memory_order_relaxed);
            payload[i][1].store(0, rl::memory_order_relaxed);
            chunk_of[i] = -1;
        }
        frontier.store(0, rl::memory_order_relaxed);
        passing.store(0, rl::memory_order_relaxed);
        closed.store(0, rl::memory_order_relaxed);
        limit = depth;
        own_frontier = 0;
        free_count = 0;
        bool const short_of_one = variant == small_pool || variant == cursor_small_pool;
        alone = by_cursor() && rl::rand(2) == 0;
        int const granted = grant_of(0) + (alone ? 0 : grant_of(1));
        int const pool = depth + loans + granted - (short_of_one ? 1 : 0);
        for (int c = 0; c != chunks_max; ++c) {
            held[c] = 0;
            if (c < pool) free_list[free_count++] = c;
        }
        limbo_count = 0;
        committed = 0;
        evicted = other_evicted = passes = gave_up = false;
        sample_count = told = 0;
        at_cursor = no_hold;
        for (int r = 0; r != readers; ++r) {
            pages[r].cursor.store(0, rl::memory_order_relaxed);
            for (int k = 0; k != holds_max; ++k)
                pages[r].hazard[k].store(0, rl::memory_order_relaxed);
            pages[r].gone.store(0, rl::memory_order_relaxed);
            in_table[r] = r == 0 || !alone;
            position[r] = received[r] = lost[r] = 0;
        }
        for (int t = 0; t != 1 + readers; ++t) {
            steps_left[t] = rl::rand(3) == 0 ? static_cast<int>(rl::rand(40)) : never;
            died[t] = false;
        }
    }

    void thread(unsigned index) {
        try {
            if (index == 0)
                publisher();
            else if (index == 1 || !alone)
                reader(static_cast<int>(index) - 1, index == 1);
        } catch (death const&) {
            died[index] = true;
        }
        leave(index);
    }

    void after() {
        if (!died[0]) RL_ASSERT(committed == message_count());
        bool const read_all = !evicted && !gave_up;
        if (!died[1]) RL_ASSERT(lost[0] == 0 && (received[0] == committed || !read_all));
        if (!died[2] && !alone)
            RL_ASSERT(received[1] + lost[1] == position[1] && position[1] == committed);
    }

    // A point where thread `t` may die.
    void step(int t) {
        if (steps_left[t]-- == 0) throw death();
    }

    void leave(unsigned index) {
        if (index == 0) {
            closed.store(1, rl::memory_order_release);
            return;
        }
        for (int c = 0; c != chunks_max; ++c) held[c] &= ~static_cast<int>(index);
        pages[index - 1].gone.store(1, rl::memory_order_release);
    }

    void publisher() {
        for (int s = 0; s != message_count(); ++s) publish(s, rl::rand(4) != 0, rl::rand(2) != 0);
    }

    void publish(int s, bool large, bool loaned) {
        if (by_cursor()) change_passing();
        int c = large && loaned ? take_chunk() : -1;
        while (s >= limit) {  // P1
            make_room(s);
            if (s < limit) break;
            if (by_cursor()) change_passing();
            rl::yield(1, $);
        }
        if (large && !loaned) c = take_chunk();
        write(s, c);
        chunk_of[s % depth] = c;
        shape[s % depth].store(c + 1, rl::memory_order_relaxed);  // P3
        step(0);
        committed = s + 1;
        stamp[s % depth].store(s + 1, variant == stamp_relaxed ? rl::mo_relaxed : rl::mo_release,
                               $);  // P4
        step(0);
        if (variant == late_frontier) advance_frontier();
    }

    int take_chunk() {
        RL_ASSERT(free_count != 0);
        return free_list[--free_count];
    }

    void write(int s, int c) {  // P2
        for (int k = 0; k != 2; ++k) {
            step(0);
            if (c < 0) {
                payload[s % depth][k].store(word_of(s, k), rl::memory_order_relaxed);
            } else {
                RL_ASSERT(held[c] == 0);
                chunk[c][k]($) = word_of(s, k);
            }
        }
    }

    // The blocking reader is evicted, or somebody else is or has left.
    void change_passing() {
        if (rl::rand(4) == 0) other_evicted = !other_evicted;
        bool const evicts = !evicted && rl::rand(8) == 0;
        if (evicts && variant == cursor_evict_first) {
            evicted = true;  // E2, and E1 with the next change
            return;
        }
        settle_passing(evicts);
        if (evicts) evicted = true;  // E2
    }

    void settle_passing(bool evicts) {
        bool const passed_over = (evicted || evicts) && in_table[0];
        bool const wanted = other_evicted || (passed_over && variant != cursor_early_reset);
        if (wanted == passes) return;
        passes = wanted;
        passing.store(passes, rl::memory_order_relaxed);  // E1
        step(0);
        if (passes && variant != cursor_no_barrier) rl::systemwide_fence($);
    }

    void make_room(int s) {
        for (int r = 0; r != readers; ++r)
            if (pages[r].gone.load(rl::memory_order_acquire) != 0) in_table[r] = false;
        if (by_cursor() && variant != cursor_evict_first) settle_passing(false);
        step(0);
        int f = s - depth + batch;  // M1
        int const cursor = pages[0].cursor.load(rl::memory_order_acquire);
        if (in_table[0] && !evicted && cursor < f) f = cursor;
        step(0);
        int const old_frontier = own_frontier;
        if (f > own_frontier) own_frontier = f;
        scanned held_now;
        if (variant == scan_first) scan(held_now);
        if (variant != late_frontier) advance_frontier();
        if (variant != scan_first) scan(held_now);
        retire(old_frontier);
        free_limbo(held_now);
        limit = own_frontier + depth;  // M6
    }

    void advance_frontier() {
        frontier.store(own_frontier, rl::memory_order_relaxed);  // M2
        step(0);
        if (variant != no_publisher_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);  // M3
    }

    void scan(scanned& found) {  // M4
        found.count = 0;
        for (int r = 0; r != readers; ++r)
            if (in_table[r]) scan(found, r);
        step(0);
    }

    void scan(scanned& found, int r) {
        int const before = found.count;
        int cursor = 0;
        bool const counted = r == 0 && evicted && variant != cursor_uncounted;  // C4
        if (counted && variant != cursor_counted_last)
            cursor = pages[r].cursor.load(rl::memory_order_acquire);
        for (int k = 0; k != grant_of(r); ++k) {
            int const hazard = pages[r].hazard[k].load(
                variant == scan_relaxed ? rl::mo_relaxed : rl::mo_acquire, $);
            if (hazard != 0) found.message[found.count++] = hazard - 1;
        }
        if (counted && variant == cursor_counted_last)
            cursor = pages[r].cursor.load(rl::memory_order_acquire);
        bool const all_set = found.count - before == grant_of(r);
        if (counted && (!all_set || variant == cursor_counted_always))
            found.message[found.count++] = cursor;
    }

    void retire(int old_frontier) {  // M5
        for (int s = old_frontier; s < own_frontier; ++s) {
            if (chunk_of[s % depth] < 0) continue;
            limbo[limbo_count].message = s;
            limbo[limbo_count++].chunk = chunk_of[s % depth];
            chunk_of[s % depth] = -1;
        }
    }

    void free_limbo(scanned const& found) {  // M5
        int kept = 0;
        for (int i = 0; i != limbo_count; ++i) {
            if (is_held(limbo[i].message, found))
                limbo[kept++] = limbo[i];
            else
                free_list[free_count++] = limbo[i].chunk;
        }
        limbo_count = kept;
    }

    static bool is_held(int message, scanned const& found) {
        for (int i = 0; i != found.count; ++i)
            if (found.message[i] == message) return true;
        return false;
    }

    void reader(int r, bool blocking) {
        read_all(r, blocking);
        while (by_cursor() && r == 0 && sample_count != 0) release_oldest();
    }

    void read_all(int r, bool blocking) {
        bool last_look = false;
        while (position[r] != message_count() && !gave_up_at(r)) {
            int const s = position[r];
            step(1 + r);
            int const t = stamp[s % depth].load(rl::memory_order_acquire);  // R1
            if (t == s + 1) {
                if (!receive(r, s, blocking)) return;
            } else if (t > s + 1) {
                if (!passed(r, frontier.load(rl::memory_order_relaxed), blocking)) return;
            } else if (last_look) {
                return;
            } else {
                last_look = closed.load(rl::memory_order_acquire) != 0;
                if (!last_look) rl::yield(1, $);
            }
        }
    }

    bool gave_up_at(int r) const { return r == 0 && gave_up; }

    // False: it was passed though it blocks, and reads no more.
    bool receive(int r, int s, bool blocking) {
        if (variant == early_cursor) move_cursor(r, s + 1);
        int const c = shape[s % depth].load(rl::memory_order_relaxed) - 1;  // R2
        int f;
        if (c < 0)
            f = copy(r, s);
        else
            f = by_cursor() && r == 0 ? open(s, c) : hold(r, s, c);
        return f <= s || passed(r, f, blocking);
    }

    int copy(int r, int s) {
        int word[2];
        for (int k = 0; k != 2; ++k)
            word[k] = payload[s % depth][k].load(rl::memory_order_relaxed);               // R2
        if (variant != no_copy_fence) rl::atomic_thread_fence(rl::memory_order_acquire);  // R3
        int const f = frontier.load(rl::memory_order_relaxed);
        step(1 + r);
        if (f > s) return f;
        RL_ASSERT(word[0] == word_of(s, 0) && word[1] == word_of(s, 1));
        if (r == 0 && variant != cursor_inline_on) leave_cursor();
        accept(r, s);
        return f;
    }

    int hold(int r, int s, int c) {
        pages[r].hazard[0].store(s + 1, rl::memory_order_release);  // R4
        step(1 + r);
        if (variant != no_hazard_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        int f = frontier.load(rl::memory_order_relaxed);
        if (variant == frontier_unchecked) f = 0;
        step(1 + r);
        if (f <= s) use(r, s, c);
        pages[r].hazard[0].store(0, variant == release_relaxed ? rl::mo_relaxed : rl::mo_release,
                                 $);  // R6
        step(1 + r);
        return f;
    }

    // The sample is the user's: the cursor moves on while it is still read.
    void use(int r, int s, int c) {
        held[c] |= 1 + r;
        RL_ASSERT(chunk[c][0]($) == word_of(s, 0));
        accept(r, s);
        RL_ASSERT(chunk[c][1]($) == word_of(s, 1));
        held[c] &= ~(1 + r);
    }

    void accept(int r, int s) {
        position[r] = s + 1;  // R5
        ++received[r];
        if (variant != early_cursor) move_cursor(r, s + 1);
    }

    void move_cursor(int r, int to) {  // R7
        // At the cursor is the message before: only a mistaken one has it there when it moves on.
        if (by_cursor() && r == 0) return tell(at_cursor == no_hold ? to : to - 1);
        pages[r].cursor.store(to, rl::memory_order_release);
        step(1 + r);
    }

    // The blocking reader, at its cursor. Returns the frontier where that decides; 0: it is safe.
    int open(int s, int c) {
        if (sample_count == holds_max || (sample_count != 0 && rl::rand(2) == 0)) release_oldest();
        int const k = sample_count != 0 && samples[0].hold == 0 ? 1 : 0;
        int const f = guard(s, k);
        if (f > s) return f;
        held[c] |= 1;
        sample const one = {s, c, k};
        samples[sample_count++] = one;
        RL_ASSERT(chunk[c][0]($) == word_of(s, 0));
        position[0] = s + 1;  // R5
        ++received[0];
        if (at_cursor == no_hold) tell(s + 1);
        stop_for_a_while();
        if (rl::rand(3) == 0)
            release_oldest();
        else if (rl::rand(8) == 0)
            abandon();
        return f;
    }

    int guard(int s, int k) {
        if (variant != cursor_late_hazard) leave_cursor();
        bool const passing_first = variant == cursor_passing_first;
        int p = passing_first ? passing.load(rl::memory_order_relaxed) : 0;
        stop_for_a_while();
        tell(s);  // C1
        if (variant == cursor_late_hazard) leave_cursor();
        if (!passing_first) p = passing.load(rl::memory_order_relaxed);  // C2
        if (p == 0) {
            at_cursor = k;
            return 0;
        }
        pages[0].hazard[k].store(s + 1, rl::memory_order_release);  // R4
        step(1);
        rl::atomic_thread_fence(rl::memory_order_seq_cst);
        int const f = frontier.load(rl::memory_order_relaxed);
        if (f > s) pages[0].hazard[k].store(0, rl::memory_order_release);
        return f;
    }

    void stop_for_a_while() {
        if (rl::rand(8) != 0) return;
        for (int i = 0; i != 40; ++i) rl::yield(1, $);
    }

    void leave_cursor() {  // C3
        if (at_cursor == no_hold) return;
        pages[0].hazard[at_cursor].store(position[0], rl::memory_order_release);
        step(1);
        at_cursor = no_hold;
    }

    void tell(int to) {
        if (to == told) return;
        told = to;
        pages[0].cursor.store(to, variant == cursor_relaxed ? rl::mo_relaxed : rl::mo_release, $);
        step(1);
    }

    void abandon() {
        leave_cursor();
        tell(abandoned);
        gave_up = true;
    }

    void release_oldest() {
        sample const one = samples[0];
        RL_ASSERT(chunk[one.chunk][1]($) == word_of(one.message, 1));
        held[one.chunk] &= ~1;
        samples[0] = samples[--sample_count];
        if (one.hold == at_cursor) {
            at_cursor = no_hold;
            tell(position[0]);  // R7
        } else {
            pages[0].hazard[one.hold].store(0, rl::memory_order_release);  // R6
            step(1);
        }
    }

    // False: it blocks, and was evicted.
    bool passed(int r, int f, bool blocking) {  // F
        RL_ASSERT(f > position[r] && f <= message_count());
        RL_ASSERT(!blocking || evicted);
        if (blocking) return false;
        lost[r] += f - position[r];
        position[r] = f;
        return true;
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_model<ring>(argc, argv, variant_names);
}
