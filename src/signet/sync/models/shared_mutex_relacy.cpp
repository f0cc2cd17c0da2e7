// SPDX-License-Identifier: Apache-2.0
// A model of shared_mutex (src/signet/sync/shared_mutex.hpp) for the Relacy race detector: a
// writer, a reader, and one that is either; any may die anywhere. See region_relacy.hpp.
//
// What is checked: no race on what it guards; readers find it whole; nobody sleeps for ever.
//
// All variants but `good` change one thing and must be rejected:
//   no_fence          a writer's look at the readers may come before it has taken its word
//   looks_relaxed     a reader's look at the writer is in no one order with its own count
//   no_second_look    a writer sleeps without a look after it set its bit
//   leaves_silently   a reader that leaves wakes nobody
//   readers_alone     a reader that was woken does not wake the others
//   counts_blind      W2 for readers looks at the seat and not at its generation
//   sweep_wakes_none  W3 missing
#include <signet/sync/models/region_relacy.hpp>

namespace {

char const* const variant_names[] = {
    "good",          "no_fence",     "looks_relaxed",    "no_second_look", "leaves_silently",
    "readers_alone", "counts_blind", "sweep_wakes_none",
};

enum { writer_key = 1, left_key = 2, processes = 3 };
unsigned const writer_waits = 1;
unsigned const one_left = 2;

struct shared_model : region_model<shared_model, processes> {
    word_t writer;
    word_t left;
    word_t readers[processes];  // generation << 4 | readers
    rl::var<int> a;
    rl::var<int> b;
    bool writes[processes];
    bool is_done[processes];

    void before() {
        before_all(28);
        writer.store(0, rl::memory_order_relaxed);
        left.store(0, rl::memory_order_relaxed);
        a($) = 0;
        b($) = 0;
        for (int t = 0; t != processes; ++t) {
            readers[t].store(0, rl::memory_order_relaxed);
            writes[t] = t == 0 || (t == 1 && rl::rand(2) == 0);
            is_done[t] = false;
        }
    }

    void work(int t) {
        if (is_done[t]) return;
        if (writes[t])
            write(t);
        else
            read(t);
        is_done[t] = true;
    }

    void write(int t) {
        ownership const got = lock(t);
        if (got == clean) RL_ASSERT(a($) == b($));
        a($) = a($) + 1;
        step(t);
        b($) = a($);
        give(t, writer_key, writer);
    }

    ownership lock(int t) {
        ownership const got = take(t, writer_key, writer);
        while (anybody_reads(t)) {
            step(t);
            unsigned const armed =
                left.fetch_or(writer_waits, rl::memory_order_seq_cst) | writer_waits;
            if (!planted("no_second_look") && !anybody_reads(t)) break;
            sleep(t, left_key, left, armed);
        }
        return got;
    }

    bool anybody_reads(int t) {
        if (!planted("no_fence")) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        for (int s = 0; s != processes; ++s) {
            unsigned seen = load(t, readers[s], rl::mo_seq_cst);
            if ((seen & 15) == 0) continue;
            if (!dead(t, stamp_of(s, seen >> 4))) return true;
            exchange(t, readers[s], seen, 0, rl::mo_seq_cst);
        }
        return false;
    }

    void read(int t) {
        while (!enter(t)) wait_for_writer(t);
        RL_ASSERT(a($) == b($));
        leave(t, true);
    }

    bool enter(int t) {
        unsigned const own = generation[t] << 4;
        unsigned seen = load(t, readers[t], rl::mo_relaxed);
        unsigned more = 0;
        do {
            more = (seen & ~15u) == own ? seen + 1 : own + 1;
        } while (!exchange(t, readers[t], seen, more, rl::mo_seq_cst));
        // Relacy knows no order between exchanges and fences that are both seq_cst; C++ does.
        if (!planted("looks_relaxed")) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        if (load(t, writer, planted("looks_relaxed") ? rl::mo_acquire : rl::mo_seq_cst) == 0)
            return true;
        leave(t);
        return false;
    }

    void leave(int t, bool for_good = false) {
        step(t);
        unsigned const before = readers[t].fetch_add(~0u, rl::memory_order_seq_cst);
        RL_ASSERT((before & 15) != 0);
        is_done[t] = for_good;
        if (planted("leaves_silently")) return;
        unsigned seen = load(t, left, rl::mo_seq_cst);
        while ((seen & writer_waits) != 0) {
            unsigned const told = (seen + one_left) & ~writer_waits;
            if (!exchange(t, left, seen, told, rl::mo_seq_cst)) continue;
            wake(t, left_key, all);
            return;
        }
    }

    void wait_for_writer(int t) {
        bool slept = false;
        for (;;) {
            unsigned seen = load(t, writer, rl::mo_relaxed);
            bool const is_free = (seen & stamp_mask) == 0;
            if (is_free && slept && !planted("readers_alone")) wake(t, writer_key, all);
            if (is_free && (seen & inherited_bit) == 0) return;
            if (is_free || dead(t, seen & stamp_mask)) {
                repair(t);
                continue;
            }
            unsigned const armed = seen | waiters_bit;
            if (!exchange(t, writer, seen, armed, rl::mo_relaxed)) continue;
            slept = true;
            sleep(t, writer_key, writer, armed);
        }
    }

    void repair(int t) {
        if (lock(t) == inherited) b($) = a($);
        give(t, writer_key, writer);
    }

    void take_back(int t, unsigned owner) {
        unsigned const s = seat_of(owner);
        {
            unsigned seen = load(t, readers[s], rl::mo_seq_cst);
            while ((planted("counts_blind") || seen >> 4 == generation_of(owner)) && seen != 0 &&
                   !exchange(t, readers[s], seen, 0, rl::mo_seq_cst)) {
            }
        }
        step(t);
        left.fetch_add(one_left, rl::memory_order_release);
        wake_after_death(t, left_key);
        take_back_word(t, writer_key, writer, owner);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_variants<shared_model>(argc, argv, variant_names);
}
