// SPDX-License-Identifier: Apache-2.0
// What the Relacy models of a region's primitives share: seats that are proved dead and taken
// again, words to sleep on, the owned word behind every lock, and what happens when somebody dies.
// The labels are those of docs/design/regions.md. Included by models only.
//
// A process is a thread of the model. It may die before each access to memory and each call of the
// kernel: `death` is thrown, its byte becomes free, and a first sweeper, which may die on the way
// and is followed by another, puts in order what it left (in the same thread of the model). A
// second sweeper, a thread of its own, does the same at the same time, and may be stopped anywhere.
// Then a new process takes the seat and does what the dead one had still to do. There is no
// `recheck`: whoever sleeps for ever is found as a deadlock.
//
// A model names its variants; `planted("x")` says whether this run is that of the mistake "x".
#pragma once

#include <signet/base/models/relacy_run.hpp>

static char const* mistake = "good";

inline bool planted(char const* name) {
    return std::strcmp(mistake, name) == 0;
}

template <typename Model, int count>
int run_variants(int argc, char** argv, char const* const (&names)[count]) {
    if (argc == 3) mistake = argv[1];
    return run_model<Model>(argc, argv, names);
}

struct death {};

typedef rl::atomic<unsigned> word_t;

// | inherited | waiters | generation | seat + 1: 3 |
unsigned const waiters_bit = 1u << 16;
unsigned const inherited_bit = 1u << 17;
unsigned const stamp_mask = waiters_bit - 1;

inline unsigned stamp_of(unsigned seat, unsigned generation) {
    return generation << 3 | (seat + 1);
}
inline unsigned seat_of(unsigned stamp) {
    return (stamp & 7) - 1;
}
inline unsigned generation_of(unsigned stamp) {
    return stamp >> 3;
}

enum { seat_free = 0, seat_active = 1, seat_dead = 2 };
enum { all = 1000, nobody_asleep = 0, deaths_key = 99 };
enum ownership { none, clean, inherited };

int const never = 1 << 20;

// `Model` has `work(t)`, which is begun anew by whoever takes a dead one's seat, and
// `take_back(t, stamp)`, W2 and W3. Threads below `workers` are processes with a seat.
template <typename Model, int workers>
struct region_model : rl::test_suite<Model, workers + 1> {
    word_t seat[workers];
    rl::atomic<int> byte[workers];
    word_t deaths;

    // The kernel's.
    rl::mutex bucket;
    rl::condition_variable sleeping;
    int asleep_on[workers + 1];

    // Seen by the checker alone.
    int steps_left[workers + 1];
    unsigned generation[workers];
    int finished;

    Model& model() { return static_cast<Model&>(*this); }

    void before_all(int steps) {
        for (int t = 0; t != workers; ++t) {
            generation[t] = 1;
            seat[t].store(1 << 2 | seat_active, rl::memory_order_relaxed);
            byte[t].store(1, rl::memory_order_relaxed);
        }
        for (int t = 0; t != workers + 1; ++t) {
            asleep_on[t] = nobody_asleep;
            steps_left[t] = rl::rand(2) == 0 ? static_cast<int>(rl::rand(steps)) : never;
        }
        deaths.store(0, rl::memory_order_relaxed);
        finished = 0;
    }

    void thread(unsigned index) {
        int const t = static_cast<int>(index);
        if (t == workers) return second_sweeper(t);
        bool alive = true;
        do {
            try {
                if (!alive) claim(t);
                alive = true;
                model().work(t);
            } catch (death const&) {
                alive = false;
                bury(t);
            }
        } while (!alive);
        ++finished;
        tell_sweeper();
    }

    // A point where thread `t` may die.
    void step(int t) {
        if (steps_left[t]-- == 0) throw death();
    }

    // ---- words ----------------------------------------------------------------------------------

    unsigned load(int t, word_t& word, rl::memory_order order) {
        step(t);
        return word.load(order, $);
    }

    bool exchange(int t, word_t& word, unsigned& seen, unsigned to, rl::memory_order order) {
        step(t);
        return word.compare_exchange_strong(seen, to, order, $, rl::mo_relaxed, $);
    }

    // ---- the kernel -----------------------------------------------------------------------------

    void sleep(int t, int key, word_t& word, unsigned expected) {
        step(t);
        bucket.lock($);
        if (word.load(rl::memory_order_relaxed) == expected) {
            asleep_on[t] = key;
            while (asleep_on[t] != nobody_asleep) sleeping.wait(bucket, $);
        }
        bucket.unlock($);
        step(t);
    }

    int wake(int t, int key, int count) {
        step(t);
        return wake_now(key, count);
    }

    int wake_now(int key, int count) {
        bucket.lock($);
        int woken = 0;
        int const first = static_cast<int>(rl::rand(workers + 1));
        for (int i = 0; i != workers + 1; ++i) {
            int& sleeper = asleep_on[(first + i) % (workers + 1)];
            if (sleeper != key || woken == count) continue;
            sleeper = nobody_asleep;
            ++woken;
        }
        if (woken != 0) sleeping.notify_all($);
        bucket.unlock($);
        return woken;
    }

    // ---- seats ----------------------------------------------------------------------------------

    unsigned self(int t) { return stamp_of(t, generation[t]); }

    bool dead(int t, unsigned owner) {
        if (t < workers && owner == self(t)) return false;
        if (!planted("d1_early")) rl::atomic_thread_fence(rl::memory_order_acquire);
        unsigned const s = seat_of(owner);
        unsigned const active = generation_of(owner) << 2 | seat_active;
        unsigned const to = generation_of(owner) << 2 | seat_dead;
        unsigned seen =
            load(t, seat[s], planted("d1_relaxed") ? rl::mo_relaxed : rl::mo_acquire);  // D1
        if (seen != active) return true;
        step(t);
        if (!planted("no_proof") && byte[s].load(rl::memory_order_acquire) != 0)
            return false;  // D2
        exchange(t, seat[s], seen, to, planted("d3_relaxed") ? rl::mo_relaxed : rl::mo_acq_rel);
        return true;
    }

    void sweep(int t, unsigned owner) {
        if (!dead(t, owner)) return;  // W1
        if (planted("freed_first")) free_seat(t, owner);
        model().take_back(t, owner);  // W2, W3
        free_seat(t, owner);
    }

    void look(int t, unsigned s) {
        unsigned const found = load(t, seat[s], rl::mo_acquire);
        if ((found & 3) != seat_free) sweep(t, stamp_of(s, found >> 2));
    }

    void free_seat(int t, unsigned owner) {  // W4
        unsigned const g = generation_of(owner);
        unsigned seen = g << 2 | seat_dead;
        unsigned const next = planted("same_generation") ? g : g + 1;
        exchange(t, seat[seat_of(owner)], seen, next << 2 | seat_free, rl::mo_acq_rel);
    }

    void bury(int t) {
        unsigned const owner = self(t);
        generation[t] = 0;  // a sweeper now, and nobody's stamp
        byte[t].store(0, rl::memory_order_release);
        tell_sweeper();
        steps_left[t] = rl::rand(2) == 0 ? static_cast<int>(rl::rand(8)) : never;
        for (bool swept = false; !swept;) {
            try {
                look(t, seat_of(owner));
                swept = true;
            } catch (death const&) {
            }
        }
        steps_left[t] = never;
    }

    // The dead one's seat is free by now; the process that takes it has its number.
    void claim(int t) {
        unsigned seen = seat[t].load(rl::memory_order_acquire);
        RL_ASSERT((seen & 3) == seat_free);
        byte[t].store(1, rl::memory_order_relaxed);
        generation[t] = seen >> 2;
        bool const ours = seat[t].compare_exchange_strong(seen, (seen & ~3u) | seat_active,
                                                          rl::memory_order_acq_rel);
        RL_ASSERT(ours);
    }

    void tell_sweeper() {
        deaths.fetch_add(1, rl::memory_order_release);
        wake_now(deaths_key, all);
    }

    void second_sweeper(int t) try {
        while (finished != workers) {
            unsigned const seen = load(t, deaths, rl::mo_acquire);
            for (int s = 0; s != workers; ++s) look(t, s);
            if (finished != workers) sleep(t, deaths_key, deaths, seen);
        }
    } catch (death const&) {
        // stopped for good
    }

    // ---- the owned word -------------------------------------------------------------------------

    // `patient`: waits as long as it takes.
    ownership take(int t, int key, word_t& word, bool patient = true) {
        unsigned slept = 0;
        for (;;) {
            unsigned seen = load(t, word, rl::mo_relaxed);
            bool const is_free = (seen & stamp_mask) == 0;
            if (is_free || dead(t, seen & stamp_mask)) {
                unsigned const bits = slept | (is_free ? 0 : inherited_bit);  // L1, L2
                ownership const got = take_from(t, word, seen, bits);
                if (got != none) return got;
                continue;
            }
            if (!patient && rl::rand(2) == 0) {
                if (slept != 0 && !planted("no_pass_on")) pass_on(t, key, word);
                return none;
            }
            unsigned const armed = seen | (planted("no_bit") ? 0 : waiters_bit);
            if (!exchange(t, word, seen, armed, rl::mo_relaxed)) continue;  // L3
            if (!planted("forgets_sleepers")) slept = waiters_bit;
            sleep(t, key, word, armed);  // L4
        }
    }

    ownership take_from(int t, word_t& word, unsigned seen, unsigned bits) {
        unsigned kept = (seen & (inherited_bit | waiters_bit)) | bits;
        bool const left_broken = (kept & inherited_bit) != 0;
        if (planted("clears_inherited")) kept &= ~inherited_bit;
        if (!exchange(t, word, seen, self(t) | kept, take_order())) return none;
        return left_broken ? inherited : clean;
    }

    // Release, as whoever finds the stamp is to find the seat active.
    static rl::memory_order take_order() {
        return planted("take_acquire")   ? rl::mo_acquire
               : planted("take_release") ? rl::mo_release
                                         : rl::mo_acq_rel;
    }

    void pass_on(int t, int key, word_t& word) {  // L5
        unsigned seen = load(t, word, rl::mo_relaxed);
        while ((seen & stamp_mask) != 0) {
            if (exchange(t, word, seen, seen | waiters_bit, rl::mo_relaxed)) return;
        }
        wake(t, key, 1);
    }

    // `found`: as it was taken, not put right.
    void give(int t, int key, word_t& word, bool found = false) {
        unsigned seen = self(t);
        rl::memory_order const order = planted("give_relaxed") ? rl::mo_relaxed : rl::mo_release;
        while (!exchange(t, word, seen, found ? seen & inherited_bit : 0, order)) {  // U1
            RL_ASSERT((seen & stamp_mask) == self(t));
        }
        if ((seen & waiters_bit) != 0) wake(t, key, 1);  // U2
    }

    void take_back_word(int t, int key, word_t& word, unsigned owner) {
        unsigned seen = load(t, word, rl::mo_relaxed);
        rl::memory_order const order = planted("sweep_relaxed") ? rl::mo_relaxed : rl::mo_acq_rel;
        while (is_of(seen, owner)) {
            if (planted("sweep_stores")) {
                step(t);
                word.store(inherited_bit, rl::memory_order_release);
                break;
            }
            if (exchange(t, word, seen, inherited_bit, order)) break;
        }
        wake_after_death(t, key);
    }

    static bool is_of(unsigned word, unsigned owner) {
        unsigned const found = word & stamp_mask;
        if (planted("sweep_blind")) return found != 0 && seat_of(found) == seat_of(owner);
        return found == owner;
    }

    void wake_after_death(int t, int key) {
        if (!planted("sweep_wakes_none")) wake(t, key, planted("sweep_wakes_one") ? 1 : all);
    }
};
