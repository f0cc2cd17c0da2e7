// SPDX-License-Identifier: Apache-2.0
// A model of shared<T> as it changes on a copy (src/signet/sync/shared_box.hpp), for the Relacy
// race detector: two processes count up once each, a third reads and waits until both have; any may
// die anywhere. See region_relacy.hpp.
//
// What is checked: what is read is whole, as many as have counted, and never goes back; nobody
// sleeps for ever.
//
// All variants but `good` change one thing and must be rejected:
//   no_writer_fence   a new value may be seen before the version that made its place the old one
//   no_reader_fence   the second look at the version may come before the copy
//   version_relaxed   the version does not publish the value
//   one_place         the new value is written over the current one
//   version_first     the version is stored before the value
//   no_bit            who waits for a change does not set its bit
//   sweep_wakes_none  W3 missing
#include <signet/sync/models/region_relacy.hpp>

namespace {

char const* const variant_names[] = {
    "good",      "no_writer_fence", "no_reader_fence", "version_relaxed",
    "one_place", "version_first",   "no_bit",          "sweep_wakes_none",
};

enum { lock_key = 1, version_key = 2, writers = 2, changes = 2 };
unsigned const somebody_waits = 1;
unsigned const one_change = 2;

struct box_model : region_model<box_model, 3> {
    word_t lock;
    word_t version;
    word_t value[2][2];
    int changed[writers];

    void before() {
        before_all(28);
        lock.store(0, rl::memory_order_relaxed);
        version.store(0, rl::memory_order_relaxed);
        for (int i = 0; i != 4; ++i) value[i / 2][i % 2].store(0, rl::memory_order_relaxed);
        changed[0] = changed[1] = 0;
    }

    void work(int t) {
        if (t == writers) return read_all(t);
        while (changed[t] != changes) {
            take(t, lock_key, lock);
            change(t);
            give(t, lock_key, lock);
        }
    }

    void change(int t) {
        unsigned const now = load(t, version, rl::mo_acquire) / one_change;
        unsigned const next = load(t, value[now % 2][0], rl::mo_relaxed) + 1;
        if (planted("version_first")) note_change(t);
        if (!planted("no_writer_fence")) rl::atomic_thread_fence(rl::memory_order_release);
        for (int i = 0; i != 2; ++i) {
            step(t);
            value[planted("one_place") ? now % 2 : (now + 1) % 2][i].store(
                next, rl::memory_order_relaxed);
        }
        if (!planted("version_first")) note_change(t);
    }

    void note_change(int t) {
        unsigned seen = load(t, version, rl::mo_relaxed);
        rl::memory_order const order = planted("version_relaxed") ? rl::mo_relaxed : rl::mo_release;
        while (!exchange(t, version, seen, (seen + one_change) & ~somebody_waits, order)) {
        }
        ++changed[t];
        if ((seen & somebody_waits) != 0) wake(t, version_key, all);
    }

    void read_all(int t) {
        unsigned last = 0;
        while (last != writers * changes) {
            unsigned const before = load(t, version, rl::mo_acquire) / one_change;
            unsigned const first = load(t, value[before % 2][0], rl::mo_relaxed);
            unsigned const second = load(t, value[before % 2][1], rl::mo_relaxed);
            if (!planted("no_reader_fence")) rl::atomic_thread_fence(rl::memory_order_acquire);
            if (load(t, version, rl::mo_acquire) / one_change != before) continue;
            RL_ASSERT(first == second && first == before && first >= last);
            last = first;
            if (last != writers * changes) wait_for_change(t, before);
        }
    }

    void wait_for_change(int t, unsigned seen) {
        for (;;) {
            unsigned word = load(t, version, rl::mo_acquire);
            if (word / one_change != seen) return;
            unsigned const armed = word | (planted("no_bit") ? 0 : somebody_waits);
            if (!exchange(t, version, word, armed, rl::mo_relaxed)) continue;
            sleep(t, version_key, version, armed);
        }
    }

    void take_back(int t, unsigned owner) {
        wake_after_death(t, version_key);
        take_back_word(t, lock_key, lock, owner);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_variants<box_model>(argc, argv, variant_names);
}
