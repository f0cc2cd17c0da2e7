// SPDX-License-Identifier: Apache-2.0
// A model of the owned word (docs/design/regions.md), which is a mutex, for the Relacy race
// detector: three processes that take it, change what it guards and give it up, any of which may
// die or lose its patience anywhere. See region_relacy.hpp.
//
//     c++ -std=c++11 -O1 -w -Isrc mutex_relacy.cpp && ./a.out <variant> <interleavings>
//
// What is checked: one at a time has it, and sees what the one before it did (a race on `a` or `b`
// otherwise); whoever is not told of a death finds `a` and `b` alike; nobody sleeps for ever.
//
// All variants but `good` change one thing and must be rejected:
//   take_release      L1 and L2 do not acquire
//   take_acquire      they do not release: a new owner is taken for dead, for its seat looks free
//   d1_early          D1 may come before the look that found the stamp: the same
//   give_relaxed      U1 relaxed
//   no_bit            L3 does not set the bit `waiters`
//   forgets_sleepers  L1 does not keep it after having slept
//   no_pass_on        L5 missing
//   clears_inherited  taking clears `inherited`
//   no_proof          D2 missing: an owner is taken for dead
//   d1_relaxed, d3_relaxed   what the dead one stored is not seen
//   sweep_relaxed     W2 relaxed
//   sweep_stores      W2 stores where it must compare and swap
//   sweep_blind       W2 looks at the seat and not at its generation
//   sweep_wakes_none  W3 missing
//   freed_first       W4 before W2
//   same_generation   W4 leaves the generation
#include <signet/sync/models/region_relacy.hpp>

namespace {

char const* const variant_names[] = {
    "good",
    "take_acquire",
    "take_release",
    "d1_early",
    "give_relaxed",
    "no_bit",
    "forgets_sleepers",
    "no_pass_on",
    "clears_inherited",
    "no_proof",
    "d1_relaxed",
    "d3_relaxed",
    "sweep_relaxed",
    "sweep_stores",
    "sweep_blind",
    "sweep_wakes_none",
    "freed_first",
    "same_generation",
};

enum { key = 1 };

struct mutex_model : region_model<mutex_model, 3> {
    word_t word;
    rl::var<int> a;
    rl::var<int> b;
    bool patient[3];
    int rounds[3];

    void before() {
        before_all(24);
        word.store(0, rl::memory_order_relaxed);
        a($) = 0;
        b($) = 0;
        for (int t = 0; t != 3; ++t) {
            patient[t] = rl::rand(3) != 0;
            rounds[t] = 0;
        }
    }

    void work(int t) {
        while (rounds[t] != 2) {
            ownership const got = take(t, key, word, patient[t]);
            bool const repaired = got == clean || rl::rand(4) != 0;
            if (got != none && repaired) change(t, got);
            if (got != none) give(t, key, word, !repaired);
            ++rounds[t];
        }
    }

    void change(int t, ownership got) {
        if (got == clean) RL_ASSERT(a($) == b($));
        step(t);
        int const next = a($) + 1;
        a($) = next;
        step(t);
        b($) = next;
    }

    void take_back(int t, unsigned owner) { take_back_word(t, key, word, owner); }
};

}  // namespace

int main(int argc, char** argv) {
    return run_variants<mutex_model>(argc, argv, variant_names);
}
