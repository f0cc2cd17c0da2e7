// SPDX-License-Identifier: Apache-2.0
// A model of condition_variable with its mutex for the Relacy race detector: two consumers wait for
// an item each, and a producer makes two and tells of each; any of them may die anywhere. See
// region_relacy.hpp.
//
// What is checked: no race on the items; nobody sleeps for ever, though who was told of an item may
// die, and who made one may not come to tell.
//
// `good` tells one, `all_good` tells all. The others change one thing and must be rejected:
//   armed_late        who waits sets the bit after it gave the mutex up
//   one_counts_not    notify_one does not change the word
//   one_clears        notify_one clears the bit, though others may sleep
//   all_counts_not    notify_all does not change the count
//   sweep_wakes_none  W3 missing
//   sweep_keeps_asleep  W3 for the mutex and not for the condition
//   sweep_changes_nothing   W3 wakes who sleeps, and misses who is about to
#include <signet/sync/models/region_relacy.hpp>

namespace {

char const* const variant_names[] = {
    "good",
    "all_good",
    "armed_late",
    "one_counts_not",
    "one_clears",
    "all_counts_not",
    "sweep_wakes_none",
    "sweep_keeps_asleep",
    "sweep_changes_nothing",
};

enum { mutex_key = 1, told_key = 2 };
unsigned const somebody_waits = 1;
unsigned const one_notification = 2;

struct condition_model : region_model<condition_model, 3> {
    word_t mutex;
    word_t told;
    rl::var<int> items;
    int made;
    bool served[2];

    void before() {
        before_all(24);
        if (steps_left[2] != never) steps_left[2] += 8;  // to die when it has made an item
        mutex.store(0, rl::memory_order_relaxed);
        told.store(0, rl::memory_order_relaxed);
        items($) = 0;
        made = 0;
        served[0] = served[1] = false;
    }

    void work(int t) {
        if (t == 2)
            while (made != 2) produce(t);
        else if (!served[t])
            consume(t);
    }

    void produce(int t) {
        take(t, mutex_key, mutex);
        items($) = items($) + 1;
        ++made;
        give(t, mutex_key, mutex);
        if (planted("all_good") || planted("all_counts_not"))
            notify_all(t);
        else
            notify_one(t);
    }

    void consume(int t) {
        take(t, mutex_key, mutex);
        while (items($) == 0) {
            unsigned armed = planted("armed_late") ? 0 : arm(t);
            give(t, mutex_key, mutex);
            if (planted("armed_late")) armed = arm(t);
            sleep(t, told_key, told, armed);
            take(t, mutex_key, mutex);
        }
        items($) = items($) - 1;
        served[t] = true;
        give(t, mutex_key, mutex);
    }

    unsigned arm(int t) {
        step(t);
        return told.fetch_or(somebody_waits, rl::memory_order_relaxed) | somebody_waits;
    }

    void notify_one(int t) {
        unsigned const seen = load(t, told, rl::mo_relaxed);
        if ((seen & somebody_waits) == 0) return;
        step(t);
        if (planted("one_clears")) told.fetch_and(~somebody_waits, rl::memory_order_relaxed);
        if (!planted("one_counts_not")) told.fetch_add(one_notification, rl::memory_order_relaxed);
        if (wake(t, told_key, 1) == 0 && !planted("one_counts_not")) notify_all(t);
    }

    void notify_all(int t) {
        unsigned seen = load(t, told, rl::mo_relaxed);
        unsigned const one = planted("all_counts_not") ? 0 : one_notification;
        do {
            if ((seen & somebody_waits) == 0) return;
        } while (!exchange(t, told, seen, one == 0 ? seen : (seen + one) & ~somebody_waits,
                           rl::mo_relaxed));
        wake(t, told_key, all);
    }

    void take_back(int t, unsigned owner) {
        take_back_word(t, mutex_key, mutex, owner);
        step(t);
        if (!planted("sweep_changes_nothing"))
            told.fetch_add(one_notification, rl::memory_order_acq_rel);
        if (!planted("sweep_keeps_asleep")) wake_after_death(t, told_key);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_variants<condition_model>(argc, argv, variant_names);
}
