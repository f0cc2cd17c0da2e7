// SPDX-License-Identifier: Apache-2.0
// A model of the topic ring (docs/design/topic-ring.md) for the Relacy race detector: the C++
// memory orders of one publisher and two readers, one that blocks the publisher and one that drops
// the oldest. Any of the three may die between any two shared accesses; its death is then told, as
// the kernel does, by a word that is stored (release) after everything it did.
//
//     c++ -std=c++11 -O1 -w -Isrc ring_relacy.cpp && ./a.out <variant> <interleavings>
//
// Steps bear the labels of the design page: P1 to P5, M1 to M6, R1 to R7, F. A ring of two slots, a
// batch of one, one hazard for each reader, one loan. Not modelled: bells (the publisher polls for
// room), joining (see join.pml), hostile words.
//
// What is checked in each interleaving:
//  - an accepted payload is the one published under its number (invariants 1 and 2);
//  - no chunk is written while a reader holds it, and no two plain accesses race (invariant 3);
//  - the blocking reader is never passed and receives every committed message (invariant 4);
//  - the other one receives in order, and what it did not receive it counted;
//  - there is a free chunk whenever one is needed (invariant 5).
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
};

char const* const variant_names[] = {
    "good",          "stamp_relaxed", "no_publisher_fence", "scan_first",      "scan_relaxed",
    "late_frontier", "no_copy_fence", "no_hazard_fence",    "release_relaxed", "frontier_unchecked",
    "early_cursor",  "small_pool",
};

int const depth = 2;
int const batch = 1;
int const messages = 5;
int const readers = 2;
int const loans = 1;
int const chunks_max = depth + loans + readers;
int const never = 1 << 20;

int word_of(int message, int k) {
    return 100 * (message + 1) + k;
}

struct death {};

// What one reader shares: its page, and what the kernel tells when it has gone.
struct page {
    rl::atomic<int> cursor;
    rl::atomic<int> hazard;
    rl::atomic<int> gone;
};

struct ring : rl::test_suite<ring, 1 + readers> {
    rl::atomic<int> stamp[depth];
    rl::atomic<int> shape[depth];  // 0: inline; c + 1: chunk c
    rl::atomic<int> payload[depth][2];
    rl::var<int> chunk[chunks_max][2];
    rl::atomic<int> frontier;
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

    // Seen by the checker alone.
    int steps_left[1 + readers];
    int committed;
    int held[chunks_max];
    int position[readers];
    int received[readers];
    int lost[readers];
    bool died[1 + readers];

    void before() {
        for (int i = 0; i != depth; ++i) {
            stamp[i].store(0, rl::memory_order_relaxed);
            shape[i].store(0, rl::memory_order_relaxed);
            payload[i][0].store(0, rl::memory_order_relaxed);
            payload[i][1].store(0, rl::memory_order_relaxed);
            chunk_of[i] = -1;
        }
        frontier.store(0, rl::memory_order_relaxed);
        closed.store(0, rl::memory_order_relaxed);
        limit = depth;
        own_frontier = 0;
        free_count = 0;
        int const pool = variant == small_pool ? chunks_max - 1 : chunks_max;
        for (int c = 0; c != chunks_max; ++c) {
            held[c] = 0;
            if (c < pool) free_list[free_count++] = c;
        }
        limbo_count = 0;
        committed = 0;
        for (int r = 0; r != readers; ++r) {
            pages[r].cursor.store(0, rl::memory_order_relaxed);
            pages[r].hazard.store(0, rl::memory_order_relaxed);
            pages[r].gone.store(0, rl::memory_order_relaxed);
            in_table[r] = true;
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
            else
                reader(static_cast<int>(index) - 1, index == 1);
        } catch (death const&) {
            died[index] = true;
        }
        leave(index);
    }

    void after() {
        if (!died[0]) RL_ASSERT(committed == messages);
        if (!died[1]) RL_ASSERT(received[0] == committed && lost[0] == 0);
        if (!died[2]) RL_ASSERT(received[1] + lost[1] == position[1] && position[1] == committed);
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
        for (int s = 0; s != messages; ++s) publish(s, rl::rand(4) != 0, rl::rand(2) != 0);
    }

    void publish(int s, bool large, bool loaned) {
        int c = large && loaned ? take_chunk() : -1;
        while (s >= limit) {  // P1
            make_room(s);
            if (s >= limit) rl::yield(1, $);
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

    void make_room(int s) {
        for (int r = 0; r != readers; ++r)
            if (pages[r].gone.load(rl::memory_order_acquire) != 0) in_table[r] = false;
        step(0);
        int f = s - depth + batch;  // M1
        int const cursor = pages[0].cursor.load(rl::memory_order_relaxed);
        if (in_table[0] && cursor < f) f = cursor;
        step(0);
        int const old_frontier = own_frontier;
        if (f > own_frontier) own_frontier = f;
        int hazard[readers];
        if (variant == scan_first) scan(hazard);
        if (variant != late_frontier) advance_frontier();
        if (variant != scan_first) scan(hazard);
        retire(old_frontier);
        free_limbo(hazard);
        limit = own_frontier + depth;  // M6
    }

    void advance_frontier() {
        frontier.store(own_frontier, rl::memory_order_relaxed);  // M2
        step(0);
        if (variant != no_publisher_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);  // M3
    }

    void scan(int* hazard) {  // M4
        for (int r = 0; r != readers; ++r)
            hazard[r] =
                pages[r].hazard.load(variant == scan_relaxed ? rl::mo_relaxed : rl::mo_acquire, $);
        step(0);
    }

    void retire(int old_frontier) {  // M5
        for (int s = old_frontier; s < own_frontier; ++s) {
            if (chunk_of[s % depth] < 0) continue;
            limbo[limbo_count].message = s;
            limbo[limbo_count++].chunk = chunk_of[s % depth];
            chunk_of[s % depth] = -1;
        }
    }

    void free_limbo(int const* hazard) {  // M5
        int kept = 0;
        for (int i = 0; i != limbo_count; ++i) {
            if (is_hazarded(limbo[i].message, hazard))
                limbo[kept++] = limbo[i];
            else
                free_list[free_count++] = limbo[i].chunk;
        }
        limbo_count = kept;
    }

    bool is_hazarded(int message, int const* hazard) const {
        for (int r = 0; r != readers; ++r)
            if (in_table[r] && hazard[r] == message + 1) return true;
        return false;
    }

    void reader(int r, bool blocking) {
        bool last_look = false;
        while (position[r] != messages) {
            int const s = position[r];
            step(1 + r);
            int const t = stamp[s % depth].load(rl::memory_order_acquire);  // R1
            if (t == s + 1) {
                receive(r, s, blocking);
            } else if (t > s + 1) {
                passed(r, frontier.load(rl::memory_order_relaxed), blocking);
            } else if (last_look) {
                return;
            } else {
                last_look = closed.load(rl::memory_order_acquire) != 0;
                if (!last_look) rl::yield(1, $);
            }
        }
    }

    void receive(int r, int s, bool blocking) {
        if (variant == early_cursor) move_cursor(r, s + 1);
        int const c = shape[s % depth].load(rl::memory_order_relaxed) - 1;  // R2
        int const f = c < 0 ? copy(r, s) : hold(r, s, c);
        if (f > s) passed(r, f, blocking);
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
        accept(r, s);
        return f;
    }

    int hold(int r, int s, int c) {
        pages[r].hazard.store(s + 1, rl::memory_order_release);  // R4
        step(1 + r);
        if (variant != no_hazard_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        int f = frontier.load(rl::memory_order_relaxed);
        if (variant == frontier_unchecked) f = 0;
        step(1 + r);
        if (f <= s) use(r, s, c);
        pages[r].hazard.store(0, variant == release_relaxed ? rl::mo_relaxed : rl::mo_release,
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
        pages[r].cursor.store(to, rl::memory_order_release);
        step(1 + r);
    }

    void passed(int r, int f, bool blocking) {  // F
        RL_ASSERT(!blocking && f > position[r] && f <= messages);
        lost[r] += f - position[r];
        position[r] = f;
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_model<ring>(argc, argv, variant_names);
}
