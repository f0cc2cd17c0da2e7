// SPDX-License-Identifier: Apache-2.0
// Models of semaphore, permit_pool and event (one that resets itself) for the Relacy race detector.
// Any process may die or lose its patience anywhere. See region_relacy.hpp.
//
// `semaphore_*`: two take a permit, a third releases two, one by one. `pool_*`: three take the only
// permit, change what it guards, and give it back; what the dead had comes back. `event_*`: three
// pass on a turn, by an event that lets one through.
//
// What is checked: no race on `data`; nobody sleeps for ever while there is something for it.
//
// All variants but the `_good` ones change one thing and must be rejected:
//   *_take_relaxed       what was done before the release is not seen
//   *_release_relaxed    likewise
//   *_no_bit             a sleeper does not set its bit
//   *_forgets_sleepers   who slept and takes does not keep the bit
//   semaphore_no_pass_on who was woken and gives up tells nobody
//   semaphore_no_chain   who slept and takes leaves a second permit to nobody
//   pool_no_second_look  no look between setting the bit and sleeping
//   pool_relaxed         the bit and that look in no one order with release and its look at the bit
//   pool_keeps_permits   W2 missing, and no waiter asks whether an owner is dead
//   *_sweep_wakes_none   W3 missing
//   pool_sweep_changes_nothing   W3 wakes who sleeps, and misses who is about to
#include <signet/sync/models/region_relacy.hpp>

namespace {

char const* const variant_names[] = {
    "semaphore_good",
    "semaphore_take_relaxed",
    "semaphore_release_relaxed",
    "semaphore_no_bit",
    "semaphore_forgets_sleepers",
    "semaphore_no_pass_on",
    "semaphore_no_chain",
    "semaphore_sweep_wakes_none",
    "pool_good",
    "pool_take_relaxed",
    "pool_release_relaxed",
    "pool_no_second_look",
    "pool_relaxed",
    "pool_keeps_permits",
    "pool_sweep_wakes_none",
    "pool_sweep_changes_nothing",
    "event_good",
    "event_take_relaxed",
    "event_release_relaxed",
    "event_no_bit",
    "event_forgets_sleepers",
    "event_sweep_wakes_none",
};

enum { key = 1 };
unsigned const somebody_waits = 1;
unsigned const one = 2;  // a permit, a turn, an event that is set

// The mistakes that all kinds have in common, without their prefix.
bool common(char const* name) {
    char const* const rest = std::strchr(mistake, '_');
    return rest != nullptr && std::strcmp(rest + 1, name) == 0;
}
rl::memory_order order_of(char const* relaxed, rl::memory_order order) {
    return common(relaxed) ? rl::mo_relaxed : order;
}

template <typename Model>
struct permits_model : region_model<Model, 3> {
    word_t word;
    rl::var<int> data;
    bool patient[3];
    bool has[3];
    bool is_done[3];

    void before_permits(unsigned first) {
        this->before_all(20);
        word.store(first, rl::memory_order_relaxed);
        data($) = 0;
        for (int t = 0; t != 3; ++t) {
            patient[t] = t == 0 || rl::rand(2) == 0;
            has[t] = is_done[t] = false;
        }
    }

    bool gives_up(int t) { return !patient[t] && rl::rand(2) == 0; }

    void wake_after_death_of(int t) {
        if (!common("sweep_wakes_none")) this->wake(t, key, all);
    }

    // As semaphore and event take: false, the patience ended.
    bool take_counted(int t) {
        unsigned slept = 0;
        for (;;) {
            unsigned seen = this->load(t, word, rl::mo_relaxed);
            if (seen >= one) {
                if (take_some(t, seen, slept)) return true;
                continue;
            }
            if (gives_up(t)) return pass_on(t, slept), false;
            unsigned const armed = seen | (common("no_bit") ? 0 : somebody_waits);
            if (!this->exchange(t, word, seen, armed, rl::mo_relaxed)) continue;
            if (!common("forgets_sleepers")) slept = somebody_waits;
            this->sleep(t, key, word, armed);
        }
    }

    bool take_some(int t, unsigned seen, unsigned slept) {
        unsigned const left = (seen - one) | slept;
        rl::memory_order const order = order_of("take_relaxed", rl::mo_acquire);
        if (!this->exchange(t, word, seen, left, order)) return false;
        has[t] = true;
        if (slept != 0 && left >= one && !common("no_chain")) this->wake(t, key, 1);
        return true;
    }

    void pass_on(int t, unsigned slept) {
        if (slept == 0 || common("no_pass_on")) return;
        this->step(t);
        if (word.fetch_or(somebody_waits, rl::memory_order_relaxed) >= one) this->wake(t, key, 1);
    }

    // The patient ones all get something in the end.
    void work(int t) {
        while (!is_done[t]) {
            if (!has[t] && !this->model().obtain(t)) break;
            this->model().use(t);
        }
    }
};

struct semaphore_model : permits_model<semaphore_model> {
    int released;
    bool written;

    void before() {
        before_permits(0);
        released = 0;
        written = false;
    }

    bool obtain(int t) { return t == 2 || take_counted(t); }

    void use(int t) {
        if (t == 2)
            release_two(t);
        else
            RL_ASSERT(data($) == 1);
        is_done[t] = true;
    }

    void release_two(int t) {
        if (!written) data($) = 1;
        written = true;
        while (released != 2) {
            release(t);
            if (rl::rand(2) == 0) take_one_again(t);
        }
    }

    void take_one_again(int t) {
        unsigned seen = load(t, word, rl::mo_relaxed);
        if (seen >= one && exchange(t, word, seen, seen - one, rl::mo_acquire)) --released;
    }

    void release(int t) {
        unsigned seen = load(t, word, rl::mo_relaxed);
        rl::memory_order const order = order_of("release_relaxed", rl::mo_release);
        while (!exchange(t, word, seen, (seen + one) & ~somebody_waits, order)) {
        }
        ++released;
        if ((seen & somebody_waits) != 0) wake(t, key, 1);
    }

    void take_back(int t, unsigned) { wake_after_death_of(t); }
};

struct event_model : permits_model<event_model> {
    void before() { before_permits(one); }

    bool obtain(int t) { return take_counted(t); }

    void use(int t) {
        data($) = data($) + 1;
        step(t);
        rl::memory_order const order = order_of("release_relaxed", rl::mo_acq_rel);
        unsigned const seen = word.exchange(one, order, $);
        is_done[t] = true;
        if ((seen & somebody_waits) != 0) wake(t, key, 1);
    }

    void take_back(int t, unsigned) { wake_after_death_of(t); }
};

struct pool_model : permits_model<pool_model> {
    word_t permit;

    void before() {
        before_permits(0);
        permit.store(0, rl::memory_order_relaxed);
    }

    rl::memory_order one_order(rl::memory_order without) {
        return common("relaxed") ? without : rl::mo_seq_cst;
    }

    bool obtain(int t) {
        for (;;) {
            if (take_permit(t, false)) return true;
            if (gives_up(t)) {
                wake_one(t);
                return false;
            }
            step(t);
            unsigned const armed =
                word.fetch_or(somebody_waits, one_order(rl::mo_relaxed), $) | somebody_waits;
            if (!common("no_second_look") && take_permit(t, true)) return true;
            sleep(t, key, word, armed);
        }
    }

    bool take_permit(int t, bool of_the_dead) {
        unsigned seen = load(t, permit, one_order(rl::mo_acquire));
        bool const is_free = seen == 0;
        if (!is_free && (!of_the_dead || common("keeps_permits") || !dead(t, seen))) return false;
        return exchange(t, permit, seen, self(t), order_of("take_relaxed", rl::mo_acq_rel));
    }

    void use(int t) {
        data($) = data($) + 1;
        unsigned seen = self(t);
        rl::memory_order const order = order_of("release_relaxed", one_order(rl::mo_release));
        bool const was_ours = exchange(t, permit, seen, 0, order);
        RL_ASSERT(was_ours);
        is_done[t] = true;
        wake_one(t);
    }

    void wake_one(int t) {
        unsigned seen = load(t, word, one_order(rl::mo_relaxed));
        if ((seen & somebody_waits) == 0) return;
        step(t);
        word.fetch_add(one, rl::memory_order_relaxed);
        if (wake(t, key, 1) != 0) return;
        seen = load(t, word, rl::mo_relaxed);
        while (!exchange(t, word, seen, (seen + one) & ~somebody_waits, rl::mo_relaxed)) {
        }
        wake(t, key, all);
    }

    void take_back(int t, unsigned owner) {
        unsigned seen = owner;
        if (!common("keeps_permits")) exchange(t, permit, seen, 0, rl::mo_seq_cst);
        step(t);
        if (!common("sweep_changes_nothing")) word.fetch_add(one, rl::memory_order_acq_rel);
        wake_after_death_of(t);
    }
};

}  // namespace

int main(int argc, char** argv) {
    char const* const wanted = argc == 3 ? argv[1] : "";
    if (std::strncmp(wanted, "pool_", 5) == 0)
        return run_variants<pool_model>(argc, argv, variant_names);
    if (std::strncmp(wanted, "event_", 6) == 0)
        return run_variants<event_model>(argc, argv, variant_names);
    return run_variants<semaphore_model>(argc, argv, variant_names);
}
