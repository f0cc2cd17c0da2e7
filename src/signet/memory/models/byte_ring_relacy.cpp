// SPDX-License-Identifier: Apache-2.0
// A model of the byte ring (docs/design/byte-ring.md) for the Relacy race detector: the C++ memory
// orders of its writer and its reader. Either may die between any two shared accesses; its death is
// then told, as the kernel does, by a word that is stored (release) after everything it did.
//
//     c++ -std=c++11 -O1 -w -Isrc byte_ring_relacy.cpp && ./a.out <variant> <interleavings>
//
// Steps bear the labels of the design page: W1 to W5, T1 to T4. Records of one or two lines begin
// in three lines of a half. The first word of a line is a record's word or bytes of a payload,
// which then look like the word of a message that is yet to come. Not modelled: bells (both sides
// poll), memory that is made on demand, hostile words.
//
// What is checked in each interleaving:
//  - what is received are the messages that were committed, whole and in order;
//  - they stay as they are until the reader gives them back, and no two plain accesses race;
//  - the reader receives every committed message, then the end, or the death of a writer that died;
//  - the writer ends, unless the reader died.
//
// Each variant but `good` leaves out one thing and must be rejected.
#include <signet/base/models/relacy_run.hpp>

namespace {

enum {
    good,
    commit_relaxed,   // W4 relaxed
    take_relaxed,     // T1 relaxed
    no_clear,         // W3 missing
    late_clear,       // W3 after W4
    tag_ignored,      // T1 takes any word that is not zero
    release_relaxed,  // T4 relaxed
    room_relaxed,     // W1 relaxed
    early_release,    // T4 when a message is taken, not when it is given back
    room_for_three,   // W1 lets the writer be two laps ahead
    room_unchecked,   // W1 missing
    end_uncounted,    // the reader believes in an end without looking at its number
    gone_after_look,  // the reader asks for a death after it looked for a message
};

char const* const variant_names[] = {
    "good",           "commit_relaxed",  "take_relaxed",    "no_clear",      "late_clear",
    "tag_ignored",    "release_relaxed", "room_relaxed",    "early_release", "room_for_three",
    "room_unchecked", "end_uncounted",   "gone_after_look",
};

int const lap_lines = 3;               // a record begins in one of them
int const half_lines = lap_lines + 1;  // and may go over into this one
int const messages = 9;
int const never = 1 << 20;

struct death {};

// The word of a message of so many lines; what a reader of another number does not take.
int word_of(int number, int lines) {
    return (number + 1) * 10 + lines;
}

int body_of(int number, int line) {
    return 1000 + number * 10 + line;
}

struct place {
    int lap;
    int line;

    void pass(int lines) {
        line += lines;
        if (line < lap_lines) return;
        ++lap;
        line = 0;
    }
};

struct ring : rl::test_suite<ring, 2> {
    rl::atomic<int> first[2][half_lines];  // the first word of a line
    rl::var<int> body[2][half_lines];      // the rest of it
    rl::atomic<int> ended;
    rl::atomic<int> lap;  // the reader's
    rl::atomic<int> writer_gone;
    rl::atomic<int> reader_gone;

    // Private to the writer.
    place to;
    int cleared;
    int known_lap;

    // Private to the reader.
    place from;
    int said_lap;
    int held_number;
    place held;
    int held_lines;

    // Seen by the checker alone.
    int steps_left[2];
    bool died[2];
    int committed;
    int received;
    bool told_end;
    bool told_death;

    void before() {
        for (int h = 0; h != 2; ++h)
            for (int l = 0; l != half_lines; ++l) {
                first[h][l].store(0, rl::memory_order_relaxed);
                body[h][l]($) = 0;
            }
        ended.store(0, rl::memory_order_relaxed);
        lap.store(0, rl::memory_order_relaxed);
        writer_gone.store(0, rl::memory_order_relaxed);
        reader_gone.store(0, rl::memory_order_relaxed);
        to.lap = to.line = from.lap = from.line = 0;
        cleared = known_lap = said_lap = committed = received = 0;
        held_lines = 0;
        told_end = told_death = false;
        for (int t = 0; t != 2; ++t) {
            steps_left[t] = rl::rand(3) == 0 ? static_cast<int>(rl::rand(50)) : never;
            died[t] = false;
        }
    }

    void thread(unsigned index) {
        try {
            if (index == 0)
                writer();
            else
                reader();
        } catch (death const&) {
            died[index] = true;
        }
        (index == 0 ? writer_gone : reader_gone).store(1, rl::memory_order_release);
    }

    void after() {
        if (!died[0] && !died[1]) RL_ASSERT(committed == messages && told_end);
        if (!died[1]) RL_ASSERT(received == committed && (told_end || told_death));
        if (told_death) RL_ASSERT(died[0]);
    }

    // A point where thread `t` may die.
    void step(int t) {
        if (steps_left[t]-- == 0) throw death();
    }

    void writer() {
        for (int n = 0; n != messages; ++n) {
            while (!has_room()) {
                if (reader_gone.load(rl::memory_order_acquire) != 0) return;
                rl::yield(1, $);
            }
            write(n, 1 + static_cast<int>(rl::rand(2)));
        }
        step(0);
        ended.store(messages + 1, rl::memory_order_release);  // W5
    }

    bool has_room() {  // W1
        if (variant == room_unchecked) return true;
        int const ahead = variant == room_for_three ? 2 : 1;
        if (to.lap <= known_lap + ahead) return true;
        step(0);
        known_lap = lap.load(variant == room_relaxed ? rl::mo_relaxed : rl::mo_acquire, $);
        RL_ASSERT(known_lap <= to.lap);
        return to.lap <= known_lap + ahead;
    }

    void write(int n, int lines) {
        for (int i = 0; i != lines; ++i) {  // W2
            step(0);
            body[to.lap % 2][to.line + i]($) = body_of(n, i);
            if (i == 0) continue;
            int const likely = word_of(n + 1 + static_cast<int>(rl::rand(6)), 1);
            first[to.lap % 2][to.line + i].store(likely, rl::memory_order_relaxed);
        }
        int const next = to.line + lines;
        if (variant != late_clear && next < lap_lines) clear(next);
        step(0);
        committed = n + 1;
        first[to.lap % 2][to.line].store(
            word_of(n, lines), variant == commit_relaxed ? rl::mo_relaxed : rl::mo_release,
            $);  // W4
        step(0);
        if (variant == late_clear && next < lap_lines) clear(next);
        to.pass(lines);
        if (to.line == 0) cleared = 0;
        if (to.line != 0 && next + 1 < lap_lines) clear(next + 1);
    }

    void clear(int line) {  // W3
        if (line < cleared || variant == no_clear) return;
        first[to.lap % 2][line].store(0, rl::memory_order_relaxed);
        cleared = line + 1;
        step(0);
    }

    void reader() {
        for (;;) {
            give_back();
            bool was_gone = gone();
            step(1);
            if (take()) continue;
            if (at_end()) {
                told_end = true;
                return;
            }
            if (variant == gone_after_look) was_gone = gone();
            if (was_gone) {
                told_death = true;
                return;
            }
            rl::yield(1, $);
        }
    }

    bool gone() { return writer_gone.load(rl::memory_order_acquire) != 0; }

    bool at_end() {
        int const said = ended.load(rl::memory_order_acquire);
        return variant == end_uncounted ? said != 0 : said == received + 1;
    }

    bool take() {
        int const word = first[from.lap % 2][from.line].load(
            variant == take_relaxed ? rl::mo_relaxed : rl::mo_acquire, $);  // T1
        bool const ours = word / 10 == received + 1;
        if (!ours && variant != tag_ignored) {
            RL_ASSERT(word == 0 || from.line == 0);
            return false;
        }
        if (word == 0) return false;
        RL_ASSERT(ours && received < committed);
        held = from;
        held_number = received;
        held_lines = word % 10;
        check_held();  // T3
        ++received;
        from.pass(held_lines);
        if (variant == early_release) say_lap();
        return true;
    }

    void check_held() {
        for (int i = 0; i != held_lines; ++i) {
            step(1);
            int const found = body[held.lap % 2][held.line + i]($);
            RL_ASSERT(found == body_of(held_number, i));
        }
    }

    void give_back() {
        if (held_lines == 0) return;
        check_held();
        held_lines = 0;
        say_lap();
    }

    void say_lap() {  // T4
        if (said_lap == from.lap) return;
        said_lap = from.lap;
        lap.store(said_lap, variant == release_relaxed ? rl::mo_relaxed : rl::mo_release, $);
        step(1);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return run_model<ring>(argc, argv, variant_names);
}
