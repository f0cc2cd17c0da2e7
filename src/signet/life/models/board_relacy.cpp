// SPDX-License-Identifier: Apache-2.0
// A model of the ready board (docs/design/ready-board.md) for the Relacy race detector: two ends
// send, any of which may die between two shared accesses, and one waits for both by their marks.
//
//     c++ -std=c++11 -O1 -w -Isrc board_relacy.cpp && ./a.out <variant> <interleavings>
//
// Steps bear the labels of the design page: R0 to R3, C1 to C4. The bells of the ends always fence
// here; when they need not is the matter of bell_relacy.cpp. A futex is a lock and a condition.
//
// What is checked: the waiter does not sleep for ever while there is something of an end that it
// has not seen, or its death. Relacy reports such a sleeper as a deadlock.
//
// In `stopped*` the first end is not killed but stopped, nobody is told, and the second one is
// waited for. Each variant but the `_good` ones changes one thing and must be rejected:
//  no_ringer_fence    R0 looks at its bell without a fence behind the commit
//  no_telling_fence   C1 without the fence behind its read-modify-write
//  no_look_at_it      C2 missing: whom a mark will tell of is not looked at once more
//  no_second_look     C4 missing: no look at the marks between arming and sleeping
//  unarmed_sleep      C4 takes a mark, finds nothing new of that end, whose bell nobody armed
//                     since, and sleeps
//  no_bell_fence      R3 looks at the bell of the place without a fence
//  group_first        R2 before R1
//  marks_first        C3 takes the marks before the group
//  no_mark_at_death   a death rings the bell of the place and leaves no mark
//  stopped_group      R2 left out where there was a mark before, so that one stopped between R1 and
//                     R2 keeps the other from being heard
//  stopped_clears     whoever rings clears the mark of the sleeper, likewise
#include <signet/base/models/relacy_run.hpp>

namespace {

enum {
    both_good,
    no_ringer_fence,
    no_telling_fence,
    no_look_at_it,
    no_second_look,
    unarmed_sleep,
    no_bell_fence,
    group_first,
    marks_first,
    no_mark_at_death,
    stopped_good,
    stopped_group,
    stopped_clears,
};

char const* const variant_names[] = {
    "both_good",     "no_ringer_fence", "no_telling_fence", "no_look_at_it", "no_second_look",
    "unarmed_sleep", "no_bell_fence",   "group_first",      "marks_first",   "no_mark_at_death",
    "stopped_good",  "stopped_group",   "stopped_clears",
};

bool stopped() {
    return variant == stopped_good || variant == stopped_group || variant == stopped_clears;
}

unsigned const armed = 1;
unsigned const on_board = 1;

int const ends = 2;
int const commits = 3;
int const never = 1 << 20;

struct death {};

struct board : rl::test_suite<board, ends + 1> {
    rl::atomic<int> commit[ends];
    rl::atomic<unsigned> word[ends];
    rl::atomic<int> told[ends];  // private to who waits, and its control thread
    rl::atomic<int> gone[ends];
    rl::atomic<unsigned> marks;
    rl::atomic<unsigned> groups;
    rl::atomic<unsigned> bell;
    rl::atomic<unsigned> epoch;
    rl::mutex bucket;
    rl::condition_variable sleeping;

    // The waiter's own.
    int seen[ends];
    bool ended[ends];
    bool looked_at[ends];

    // Seen by the checker alone.
    int steps_left[ends];

    void before() {
        bool const away = rl::rand(2) == 0;
        for (int r = 0; r != ends; ++r) {
            commit[r].store(0, rl::memory_order_relaxed);
            word[r].store(away ? on_board : 0u, rl::memory_order_relaxed);
            told[r].store(away ? 1 : 0, rl::memory_order_relaxed);
            gone[r].store(0, rl::memory_order_relaxed);
            seen[r] = 0;
            ended[r] = false;
            looked_at[r] = !away;
            steps_left[r] = rl::rand(2) == 0 ? static_cast<int>(rl::rand(12)) : never;
        }
        marks.store(0u, rl::memory_order_relaxed);
        groups.store(0u, rl::memory_order_relaxed);
        bell.store(0u, rl::memory_order_relaxed);
        epoch.store(0u, rl::memory_order_relaxed);
        if (!stopped()) return;
        steps_left[0] = 5 + static_cast<int>(rl::rand(16));
        steps_left[1] = never;
    }

    void thread(unsigned index) {
        int const t = static_cast<int>(index);
        if (t == ends) return waiter();
        try {
            ringer(t);
        } catch (death const&) {
            if (!stopped()) tell_death(t);
        }
    }

    // A point where end `r` may die.
    void step(int r) {
        if (steps_left[r]-- == 0) throw death();
    }

    void wake() {
        bucket.lock($);
        sleeping.notify_all($);
        bucket.unlock($);
    }

    // What the waiter's control thread does, which does not die.
    void tell_death(int r) {
        gone[r].store(1, rl::memory_order_release);
        steps_left[r] = never;
        rl::atomic_thread_fence(rl::memory_order_seq_cst);
        if (variant == no_mark_at_death)
            ring(r);
        else if (told[r].load(rl::memory_order_relaxed))
            tell(r);
    }

    void ringer(int r) {
        for (int c = 1; c <= commits; ++c) {
            step(r);
            commit[r].store(c, rl::memory_order_release);
            step(r);
            if (variant != no_ringer_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);
            if ((word[r].load(rl::memory_order_relaxed) & on_board) == 0) continue;  // R0
            word[r].fetch_and(~on_board, rl::memory_order_seq_cst);
            step(r);
            tell(r);
        }
    }

    void tell(int r) {
        if (variant == group_first) groups.fetch_or(1u, rl::memory_order_seq_cst);
        step(r);
        unsigned const before = marks.fetch_or(1u << r, rl::memory_order_seq_cst);  // R1
        step(r);
        bool const spared = variant == group_first || (variant == stopped_group && before != 0);
        if (!spared) groups.fetch_or(1u, rl::memory_order_seq_cst);  // R2
        step(r);
        ring(r);
    }

    void ring(int r) {  // R3
        if (variant != no_bell_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        if ((bell.load(rl::memory_order_relaxed) & armed) == 0) return;
        if (variant == stopped_clears) bell.fetch_and(~armed, rl::memory_order_seq_cst);
        step(r);
        epoch.fetch_add(1u, rl::memory_order_release);
        step(r);
        wake();
    }

    // Whether it has something new.
    bool look_at(int r) {
        bool const gone_before = gone[r].load(rl::memory_order_acquire) != 0;
        int const c = commit[r].load(rl::memory_order_acquire);
        bool const found = c != seen[r] || gone_before;
        seen[r] = c;
        if (c == commits || gone_before) ended[r] = true;
        return found;
    }

    void take_marks() {  // C3
        if (groups.load(rl::memory_order_relaxed) == 0) return;
        unsigned taken = 0;
        if (variant == marks_first) taken = marks.exchange(0u, rl::memory_order_seq_cst);
        groups.exchange(0u, rl::memory_order_seq_cst);
        if (variant != marks_first) taken = marks.exchange(0u, rl::memory_order_seq_cst);
        for (int r = 0; r != ends; ++r)
            if (taken & (1u << r)) looked_at[r] = true;
    }

    bool look() {
        take_marks();
        bool found = false;
        for (int r = 0; r != ends; ++r)
            if (looked_at[r] && !ended[r] && look_at(r)) found = true;
        return found;
    }

    // From now on a mark tells of it.
    bool send_away(int r) {
        told[r].store(1, rl::memory_order_relaxed);
        word[r].fetch_or(on_board, rl::memory_order_seq_cst);  // C1
        if (variant != no_telling_fence) rl::atomic_thread_fence(rl::memory_order_seq_cst);
        looked_at[r] = variant != no_look_at_it && look_at(r);  // C2
        return looked_at[r];
    }

    bool send_all_away() {
        bool found = false;
        for (int r = 0; r != ends; ++r)
            if (looked_at[r] && !ended[r] && send_away(r)) found = true;
        return found;
    }

    // Of whom a mark tells here, the bell is armed no more.
    bool second_look() {  // C4
        bool const told_of_one = groups.load(rl::memory_order_relaxed) != 0;
        bool const found = look();
        return found || (told_of_one && variant != unarmed_sleep);
    }

    bool over() const { return ended[1] && (stopped() || ended[0]); }

    void waiter() {
        while (!over()) {
            if (look() || send_all_away()) continue;
            unsigned const e = epoch.load(rl::memory_order_acquire);
            bell.fetch_or(armed, rl::memory_order_seq_cst);
            rl::atomic_thread_fence(rl::memory_order_seq_cst);
            if (variant == no_second_look || !second_look()) sleep(e);
            if (variant != stopped_clears) bell.fetch_and(~armed, rl::memory_order_relaxed);
        }
    }

    void sleep(unsigned e) {
        bucket.lock($);
        while (!over() && epoch.load(rl::memory_order_relaxed) == e) sleeping.wait(bucket, $);
        bucket.unlock($);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_model<board>(argc, argv, variant_names);
}
