// SPDX-License-Identifier: Apache-2.0
// A model of the barrier (src/signet/sync/barrier.hpp) for the Relacy race detector: two places,
// two rounds; either process may die anywhere, and another one takes its place. See
// region_relacy.hpp.
//
// What is checked: whoever passes finds that both came, and sees what they did before; nobody is
// said to be missing who came; nobody sleeps for ever.
//
// All variants but `good` change one thing and must be rejected:
//   arrive_release    who arrives does not come before its own look in one order for all
//   looks_acquire     nor does its look
//   end_relaxed       the end of a round does not publish
//   waiters_end_none  a waiter does not end the round of one that died before it could
//   armed_late        a waiter looks whether all came before it sets its bit, and not after
//   looked_once       no second look at the place of one that was found dead
//   end_wakes_none    U2 missing
//   sweep_changes_nothing  W3 wakes who sleeps, and misses who is about to
//   sweep_clears      W3 changes the word by taking the bit, and is stopped before it wakes
//   sweep_wakes_none  W3 missing
#include <signet/sync/models/region_relacy.hpp>

namespace {

char const* const variant_names[] = {
    "good",         "arrive_release",   "looks_acquire",
    "end_relaxed",  "waiters_end_none", "armed_late",
    "looked_once",  "end_wakes_none",   "sweep_changes_nothing",
    "sweep_clears", "sweep_wakes_none",
};

enum look_count { first_look, last_look };
enum { key = 1, places = 2, rounds = 2 };
// rounds << 8 | deaths << 1 | somebody sleeps
unsigned const somebody_sleeps = 1;
unsigned const one_death = 2;
unsigned const gone = stamp_mask;

unsigned place_word(unsigned arrived, unsigned owner) {
    return arrived << 18 | owner;
}
unsigned owner_of(unsigned word) {
    return word & stamp_mask;
}
unsigned arrived_of(unsigned word) {
    return word >> 18;
}
bool has_arrived(unsigned word, unsigned round) {
    return owner_of(word) != 0 && arrived_of(word) > round;
}

struct barrier_model : region_model<barrier_model, 2> {
    word_t place[places];
    word_t round;
    rl::var<int> done[rounds][places];
    unsigned came[places];
    unsigned last_round[64];  // that the owner of a stamp has arrived in, counted from 1

    void before() {
        before_all(28);
        round.store(0, rl::memory_order_relaxed);
        for (int p = 0; p != places; ++p) {
            place[p].store(0, rl::memory_order_relaxed);
            came[p] = 0;
            std::memset(last_round, 0, sizeof last_round);
            for (int r = 0; r != rounds; ++r) done[r][p]($) = 0;
        }
    }

    void work(int t) {
        if (came[0] == rounds && came[1] == rounds)
            return;  // nobody comes: who is there ends the round
        int const own = join(t);
        for (;;) {
            unsigned const now = load(t, round, rl::mo_acquire) >> 8;
            if (now == rounds) return;
            if (came[own] <= now) done[now][own]($) = 1;
            arrive(t, own, now);
            wait(t, now);
            for (int p = 0; p != places; ++p) {
                RL_ASSERT(came[p] > now);
                RL_ASSERT(done[now][p]($) == 1);
            }
        }
    }

    int join(int t) {
        for (int p = 0; p != places; ++p) {
            unsigned seen = load(t, place[p], rl::mo_acquire);
            while (is_vacant(t, seen)) {
                unsigned const now = load(t, round, rl::mo_acquire) >> 8;
                unsigned const arrived = has_arrived(seen, now) ? arrived_of(seen) : now;
                if (exchange(t, place[p], seen, place_word(arrived, self(t)), rl::mo_acq_rel))
                    return p;
            }
        }
        RL_ASSERT(false);
        return 0;
    }

    bool is_vacant(int t, unsigned word) {
        unsigned const owner = owner_of(word);
        return owner == 0 || owner == gone || dead(t, owner);
    }

    void arrive(int t, int own, unsigned now) {
        step(t);
        place[own].store(place_word(now + 1, self(t)),
                         planted("arrive_release") ? rl::mo_release : rl::mo_seq_cst, $);
        last_round[self(t)] = now + 1;
        if (came[own] <= now) came[own] = now + 1;
        if (all_arrived(t, now)) end(t, now);
    }

    bool all_arrived(int t, unsigned now) {
        for (int p = 0; p != places; ++p) {
            rl::memory_order const order =
                planted("looks_acquire") ? rl::mo_acquire : rl::mo_seq_cst;
            if (!has_arrived(load(t, place[p], order), now)) return false;
        }
        return true;
    }

    void end(int t, unsigned now) {
        unsigned seen = load(t, round, rl::mo_relaxed);
        rl::memory_order const order = planted("end_relaxed") ? rl::mo_relaxed : rl::mo_acq_rel;
        while (seen >> 8 == now) {
            if (!exchange(t, round, seen, (now + 1) << 8, order)) continue;
            if ((seen & somebody_sleeps) != 0 && !planted("end_wakes_none")) wake(t, key, all);
            return;
        }
    }

    void wait(int t, unsigned now) {
        for (;;) {
            unsigned seen = load(t, round, rl::mo_acquire);
            if (seen >> 8 != now) return;
            if (planted("armed_late")) {
                if (act(t, now)) continue;
                seen = load(t, round, rl::mo_acquire);
                if (seen >> 8 != now) return;
            }
            unsigned const armed = seen | somebody_sleeps;
            if (!exchange(t, round, seen, armed, rl::mo_acquire)) continue;
            if (!planted("armed_late") && act(t, now)) continue;
            sleep(t, key, round, armed);
        }
    }

    // Ends the round, or finds somebody missing, and is to look again.
    bool act(int t, unsigned now) {
        if (!planted("waiters_end_none") && all_arrived(t, now)) return end(t, now), true;
        for (int p = 0; p != places; ++p) {
            if (!planted("looked_once") && !is_missing(t, p, now, first_look)) continue;
            if (!is_missing(t, p, now, last_look)) continue;
            rl::yield(1, $);
            return true;
        }
        return false;
    }

    bool is_missing(int t, int p, unsigned now, look_count looks) {
        unsigned const word = load(t, place[p], rl::mo_acquire);
        unsigned const owner = owner_of(word);
        if (owner == 0 || has_arrived(word, now)) return false;
        if (owner == gone || !dead(t, owner)) return owner == gone;
        if (looks == last_look) RL_ASSERT(last_round[owner] <= now);
        return true;
    }

    void take_back(int t, unsigned owner) {
        for (int p = 0; p != places; ++p) {
            unsigned seen = load(t, place[p], rl::mo_acquire);
            while (
                owner_of(seen) == owner &&
                !exchange(t, place[p], seen, place_word(arrived_of(seen), gone), rl::mo_acq_rel)) {
            }
        }
        step(t);
        if (planted("sweep_clears"))
            round.fetch_and(~somebody_sleeps, rl::memory_order_release);
        else if (!planted("sweep_changes_nothing"))
            round.fetch_add(one_death, rl::memory_order_release);
        wake_after_death(t, key);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_variants<barrier_model>(argc, argv, variant_names);
}
