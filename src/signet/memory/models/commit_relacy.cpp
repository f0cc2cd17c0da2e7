// SPDX-License-Identifier: Apache-2.0
// A model, for the Relacy race detector, of who looks where in a durable queue: steps L1 to L7 of
// docs/design/queues.md, with the sets of pages that hold something for the committer. Two who push
// a message each, and lead a round where nobody does; a third who leads one and dies in it. The
// log, and the lock's being the kernel's, are left out.
//
// What is checked: who is told that a round has ended that began after its push is ready then.
//
// All variants but `good` change one thing and must be rejected:
//   bit_first         the bit is set before the word changes
//   pusher_unfenced   who pushed looks for the round in which it is before its bit is seen
//   leader_unfenced   who leads takes the bits before its round is seen to have begun
//   begun_late        the round begins when the bits are taken
//   bits_relaxed      who takes a bit may not see why it was set
//   broken_off        a round that did not end is not followed by a look at all
//   ended_early       the round ends before its records are ready
#include <signet/base/models/relacy_run.hpp>

#include <cstring>

namespace {

char const* const variant_names[] = {
    "good",       "bit_first",    "pusher_unfenced", "leader_unfenced",
    "begun_late", "bits_relaxed", "broken_off",      "ended_early"};

bool planted(char const* name) {
    return std::strcmp(variant_names[variant], name) == 0;
}

enum record_state { nothing = 0, staged = 1, ready = 2 };
enum { pushers = 2, looks = 4, every_page = 3 };

struct commit_model : rl::test_suite<commit_model, pushers + 1> {
    rl::atomic<unsigned> word[pushers];
    rl::atomic<unsigned> bits;
    rl::atomic<unsigned> started;
    rl::atomic<unsigned> ended;
    rl::atomic<unsigned> lock;

    void before() {
        for (int i = 0; i != pushers; ++i) word[i]($) = nothing;
        bits($) = 0;
        started($) = 0;
        ended($) = 0;
        lock($) = 0;
    }

    void thread(unsigned t) {
        if (t == pushers) {
            try_lead(true);
        } else {
            push(t);
        }
    }

    void push(unsigned t) {
        if (planted("bit_first")) bits.fetch_or(1u << t, rl::mo_release, $);
        word[t].exchange(staged, rl::mo_seq_cst, $);  // L1
        if (!planted("bit_first")) bits.fetch_or(1u << t, rl::mo_release, $);
        if (!planted("pusher_unfenced")) rl::atomic_thread_fence(rl::mo_seq_cst, $);
        unsigned const round = started.load(rl::mo_relaxed, $);
        for (int i = 0; i != looks; ++i) {
            if (int(ended.load(rl::mo_acquire, $) - round) > 0) {  // L2
                RL_ASSERT(word[t].load(rl::mo_relaxed, $) == ready);
                return;
            }
            try_lead(false);
        }
    }

    void try_lead(bool dies) {
        unsigned free = 0;
        if (!lock.compare_exchange_strong(free, 1, rl::mo_acquire, $)) return;  // L3
        lead(dies ? rl::rand(4) : 4u);
        lock.store(0, rl::mo_release, $);
    }

    // Up to that step.
    void lead(unsigned step) {
        unsigned const last = started.load(rl::mo_relaxed, $);
        bool const all = ended.load(rl::mo_relaxed, $) != last && !planted("broken_off");
        bool const late = planted("begun_late");
        if (!late) started.store(last + 1, rl::mo_relaxed, $);
        if (!planted("leader_unfenced")) rl::atomic_thread_fence(rl::mo_seq_cst, $);
        if (step == 0) return;
        unsigned const taken = all ? unsigned(every_page) : take_bits();  // L4
        if (late) started.store(last + 1, rl::mo_relaxed, $);
        if (planted("ended_early")) ended.store(last + 1, rl::mo_release, $);
        for (unsigned i = 0; i != pushers; ++i) {
            if (step == i + 1) return;
            bool const there = (taken & (1u << i)) != 0;
            if (there && word[i].load(rl::mo_acquire, $) == staged)
                word[i].store(ready, rl::mo_release, $);  // L6
        }
        if (step == 3) return;
        ended.store(last + 1, rl::mo_release, $);  // L7
    }

    unsigned take_bits() {
        if (bits.load(rl::mo_relaxed, $) == 0) return 0;
        return bits.exchange(0, planted("bits_relaxed") ? rl::mo_relaxed : rl::mo_acquire, $);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_model<commit_model>(argc, argv, variant_names);
}
