// SPDX-License-Identifier: Apache-2.0
// A model of life/short_lock.hpp for the Relacy race detector: three threads that take the lock
// twice each. The membarrier is Relacy's system-wide fence. A futex is a lock and a condition, and
// a full fence before it compares, as in the kernel.
//
//     c++ -std=c++11 -O1 -w -Isrc short_lock_relacy.cpp && ./a.out <variant> <interleavings>
//
// What is checked: what the lock guards is touched by one thread at a time, and seen by the next;
// nobody sleeps for ever (Relacy reports that as a deadlock). `fenced_*` is the lock where the
// kernel has no membarrier. Each variant but the `_good` ones changes one thing and must be
// rejected:
//  no_barrier        who is about to sleep makes none
//  barrier_first     it makes it before it says that it sleeps
//  fenced_no_fence   who gives the lock back does not fence
//  no_comparison     the kernel does not look at the word again
//  uncounted         a sleeper that was woken is counted no more, though another one was faster
//  looks_first           who gives it back looks for sleepers first
//  relaxed           the lock is given back without release
#include <signet/base/models/relacy_run.hpp>

namespace {

enum {
    good,
    fenced_good,
    no_barrier,
    barrier_first,
    fenced_no_fence,
    no_comparison,
    uncounted,
    looks_first,
    relaxed,
};

char const* const variant_names[] = {
    "good",          "fenced_good", "no_barrier",  "barrier_first", "fenced_no_fence",
    "no_comparison", "uncounted",   "looks_first", "relaxed",
};

bool fenced() {
    return variant == fenced_good || variant == fenced_no_fence;
}

unsigned const is_free = 0;
unsigned const is_taken = 1;

int const threads = 3;
int const rounds = 2;

struct short_lock : rl::test_suite<short_lock, threads> {
    rl::atomic<unsigned> word;
    rl::atomic<unsigned> sleepers;
    rl::var<int> guarded;
    rl::mutex bucket;
    rl::condition_variable sleeping;

    void before() {
        word.store(is_free, rl::memory_order_relaxed);
        sleepers.store(0u, rl::memory_order_relaxed);
        guarded($) = 0;
    }

    void after() { RL_ASSERT(guarded($) == threads * rounds); }

    void thread(unsigned) {
        for (int round = 0; round != rounds; ++round) {
            if (!try_lock()) lock_slowly();
            guarded($) = guarded($) + 1;
            unlock();
        }
    }

    bool try_lock() {
        unsigned expected = is_free;
        return word.compare_exchange_strong(expected, is_taken, rl::memory_order_acquire,
                                            rl::memory_order_relaxed);
    }

    void unlock() {
        bool const early = variant == looks_first && sleepers.load(rl::memory_order_relaxed) != 0;
        if (variant == relaxed) {
            word.store(is_free, rl::memory_order_relaxed);
        } else {
            word.store(is_free, rl::memory_order_release);
        }
        if (fenced() && variant != fenced_no_fence) {
            rl::atomic_thread_fence(rl::memory_order_seq_cst);
        }
        if (variant == looks_first ? early : sleepers.load(rl::memory_order_relaxed) != 0)
            wake_one();
    }

    void lock_slowly() {
        if (variant == barrier_first) rl::systemwide_fence($);
        sleepers.fetch_add(1u, rl::memory_order_seq_cst);
        bool counted = true;
        if (!fenced() && variant != no_barrier && variant != barrier_first) {
            rl::systemwide_fence($);
        }
        while (!try_lock()) {
            sleep();
            if (variant != uncounted || !counted) continue;
            sleepers.fetch_sub(1u, rl::memory_order_relaxed);
            counted = false;
        }
        if (counted) sleepers.fetch_sub(1u, rl::memory_order_relaxed);
    }

    void sleep() {
        bucket.lock($);
        rl::atomic_thread_fence(rl::memory_order_seq_cst);
        if (variant == no_comparison || word.load(rl::memory_order_relaxed) == is_taken) {
            sleeping.wait(bucket, $);
        }
        bucket.unlock($);
    }

    void wake_one() {
        bucket.lock($);
        sleeping.notify_one($);
        bucket.unlock($);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_model<short_lock>(argc, argv, variant_names);
}
