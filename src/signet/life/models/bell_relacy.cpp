// SPDX-License-Identifier: Apache-2.0
// A model of the bells (docs/design/bells.md) for the Relacy race detector: the C++ memory orders
// of ringers and sleepers, any of which may die between two shared accesses. `bell.pml` has the
// same protocol over the store buffers of x86 and explores it exhaustively.
//
//     c++ -std=c++11 -O1 -w -Isrc bell_relacy.cpp && ./a.out <variant> <interleavings>
//
// Steps bear the labels of the design page: N1 to N4, S1 to S5. `data_*` is a data bell: one
// ringer, two sleepers. `room_*` is a room bell: two ringers, one sleeper that waits for the second
// of them. The membarrier is Relacy's system-wide fence. A futex is a lock and a condition, as in
// the kernel; the notice of a death goes the same way.
//
// What is checked: no sleeper sleeps for ever while there is a commit that it has not seen. Relacy
// reports such a sleeper as a deadlock.
//
// In `room_stopped*` the first ringer is not killed but stopped, and nobody is told. Each variant
// but the `_good` ones changes one thing and must be rejected:
//  *_no_ringer_fence   N2 looks again without a fence
//  *_no_sleeper_fence  S2 without the fence after its read-modify-write, which is none in itself
//  *_no_second_look    S4 missing
//  *_no_barrier        S3 never makes the barrier
//  data_no_generation  S3 trusts `fencing`, whoever set it
//  data_same_generation  N4 clears `fencing` and leaves the generation
//  room_no_rearm       a sleeper woken by a notice sleeps again without S2
//  room_stopped        a ringer clears `armed` before it rings, so that one stopped in between
//                      keeps the sleeper from hearing the other
#include <signet/base/models/relacy_run.hpp>

namespace {

enum {
    data_good,
    data_fenced_good,
    data_no_ringer_fence,
    data_no_sleeper_fence,
    data_no_second_look,
    data_no_barrier,
    data_no_generation,
    data_same_generation,
    room_good,
    room_fenced_good,
    room_ringer_clears_good,
    room_no_ringer_fence,
    room_no_sleeper_fence,
    room_no_second_look,
    room_no_barrier,
    room_no_rearm,
    room_stopped,
    room_stopped_good,
};

char const* const variant_names[] = {
    "data_good",
    "data_fenced_good",
    "data_no_ringer_fence",
    "data_no_sleeper_fence",
    "data_no_second_look",
    "data_no_barrier",
    "data_no_generation",
    "data_same_generation",
    "room_good",
    "room_fenced_good",
    "room_ringer_clears_good",
    "room_no_ringer_fence",
    "room_no_sleeper_fence",
    "room_no_second_look",
    "room_no_barrier",
    "room_no_rearm",
    "room_stopped",
    "room_stopped_good",
};

// Born with `fencing` set for good: no membarrier, the orders of C++ alone.
bool always_fencing() {
    return variant == data_fenced_good || variant == data_no_ringer_fence ||
           variant == data_no_sleeper_fence || variant == room_fenced_good ||
           variant == room_no_ringer_fence || variant == room_no_sleeper_fence;
}

bool no_ringer_fence() {
    return variant == data_no_ringer_fence || variant == room_no_ringer_fence;
}
bool no_sleeper_fence() {
    return variant == data_no_sleeper_fence || variant == room_no_sleeper_fence;
}
bool no_second_look() {
    return variant == data_no_second_look || variant == room_no_second_look;
}
// A ringer that leaves is not dead but stopped: nobody is told.
bool stopped() {
    return variant == room_stopped || variant == room_stopped_good;
}
bool no_barrier() {
    return variant == data_no_barrier || variant == room_no_barrier;
}

unsigned const armed = 1;
unsigned const fencing = 2;
unsigned const generation_one = 4;
unsigned const generation_mask = ~3u;
unsigned const unconfirmed = 1;  // no generation has this value

int const commits = 3;
int const never = 1 << 20;

struct death {};

template <int ringers, int sleepers>
struct bell : rl::test_suite<bell<ringers, sleepers>, ringers + sleepers> {
    rl::atomic<unsigned> word;
    rl::atomic<unsigned> epoch;
    rl::atomic<int> commit[ringers];
    rl::atomic<int> gone[ringers];
    rl::atomic<int> notice[sleepers];
    rl::mutex bucket;
    rl::condition_variable sleeping;

    // Seen by the checker alone.
    int steps_left[ringers + sleepers];

    // Whoever rings clears `armed`; on the room bell its only sleeper does so when it wakes.
    static bool ringers_clear() {
        return ringers == 1 || variant == room_ringer_clears_good || variant == room_no_rearm ||
               variant == room_stopped;
    }

    void before() {
        word.store(always_fencing() ? fencing : 0u, rl::memory_order_relaxed);
        epoch.store(0u, rl::memory_order_relaxed);
        for (int r = 0; r != ringers; ++r) {
            commit[r].store(0, rl::memory_order_relaxed);
            gone[r].store(0, rl::memory_order_relaxed);
        }
        for (int i = 0; i != sleepers; ++i) notice[i].store(0, rl::memory_order_relaxed);
        for (int t = 0; t != ringers + sleepers; ++t)
            steps_left[t] = rl::rand(2) == 0 ? static_cast<int>(rl::rand(14)) : never;
        // The one that is waited for is never stopped.
        if (stopped()) steps_left[1] = never;
    }

    void thread(unsigned index) {
        int const t = static_cast<int>(index);
        bool died = false;
        try {
            if (t < ringers)
                ringer(t);
            else
                sleeper(t - ringers);
        } catch (death const&) {
            died = true;
        }
        if (died && t < ringers && !stopped()) tell_death(t);
    }

    // A point where thread `t` may die.
    void step(int t) {
        if (steps_left[t]-- == 0) throw death();
    }

    // What the control thread of each sleeper does.
    void tell_death(int r) {
        gone[r].store(1, rl::memory_order_release);
        for (int i = 0; i != sleepers; ++i) notice[i].fetch_add(1, rl::memory_order_release);
        wake();
    }

    void wake() {
        bucket.lock($);
        sleeping.notify_all($);
        bucket.unlock($);
    }

    void ringer(int r) {
        for (int c = 1; c <= commits; ++c) {
            step(r);
            commit[r].store(c, rl::memory_order_release);
            step(r);
            notify(r);
        }
    }

    void notify(int r) {
        unsigned w = word.load(rl::memory_order_relaxed);  // N1
        if (w & fencing) {                                 // N2
            if (!no_ringer_fence()) rl::atomic_thread_fence(rl::memory_order_seq_cst);
            w = word.load(rl::memory_order_relaxed);
        }
        step(r);
        if (w & armed)
            ring(r);
        else if ((w & fencing) && !always_fencing() && rl::rand(2) == 0)
            stop_fencing(r, w);
    }

    void ring(int r) {  // N3
        if (ringers_clear()) word.fetch_and(~armed, rl::memory_order_seq_cst);
        step(r);
        epoch.fetch_add(1u, rl::memory_order_release);
        step(r);
        wake();
    }

    void stop_fencing(int r, unsigned w) {  // N4
        unsigned const one = variant == data_same_generation ? 0 : generation_one;
        unsigned const unfenced = (w & ~fencing) + one;
        if (!word.compare_exchange_strong(w, unfenced, rl::memory_order_seq_cst) && (w & armed))
            ring(r);
    }

    // The last ringer is the one that is waited for. True: there is something new, or the end.
    bool look(int& seen, bool& ended) {
        bool const gone_before = gone[ringers - 1].load(rl::memory_order_acquire) != 0;
        int const c = commit[ringers - 1].load(rl::memory_order_acquire);
        bool const found = c != seen;
        seen = c;
        ended = seen == commits || gone_before;
        return found || ended;
    }

    void sleeper(int i) {
        int seen = 0;
        bool ended = false;
        bool noticed = false;
        unsigned confirmed = unconfirmed;
        while (!ended) {
            if (look(seen, ended)) continue;
            int const n = notice[i].load(rl::memory_order_acquire);
            unsigned const e = epoch.load(rl::memory_order_acquire);  // S1
            step(ringers + i);
            if (!(noticed && variant == room_no_rearm)) arm(i, confirmed);
            if (no_second_look() || !look(seen, ended)) {  // S4
                sleep(i, e, n);
                noticed = notice[i].load(rl::memory_order_relaxed) != n;
            }
            if (!ringers_clear()) word.fetch_and(~armed, rl::memory_order_relaxed);
            step(ringers + i);
        }
    }

    void arm(int i, unsigned& confirmed) {
        unsigned const w = word.fetch_or(armed | fencing, rl::memory_order_seq_cst);  // S2
        if (!no_sleeper_fence()) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        step(ringers + i);
        if (always_fencing() || no_barrier()) return;
        bool const known = variant == data_no_generation || confirmed == (w & generation_mask);
        if ((w & fencing) && known) return;
        rl::systemwide_fence($);  // S3
        confirmed = w & generation_mask;
    }

    void sleep(int i, unsigned e, int n) {  // S5
        bucket.lock($);
        while (epoch.load(rl::memory_order_relaxed) == e &&
               notice[i].load(rl::memory_order_relaxed) == n)
            sleeping.wait(bucket, $);
        bucket.unlock($);
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::strncmp(argv[1], "room_", 5) == 0)
        return run_model<bell<2, 1>>(argc, argv, variant_names);
    return run_model<bell<1, 2>>(argc, argv, variant_names);
}
