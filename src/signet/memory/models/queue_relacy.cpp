// SPDX-License-Identifier: Apache-2.0
// A model of the records of a queue for the Relacy race detector, with the orders of C++: one page
// of two slots that is used again, its producer, two consumers of which one may die with what it
// took, and who takes that back. docs/design/queues.md has the labels.
//
// What is checked: no race on a payload; each message that was pushed is finished once, and by who
// had it; a consumer's first deliveries come in the order of pushes.
//
// All variants but `good` change one thing and must be rejected:
//   publish_relaxed   P4 publishes nothing
//   claim_relaxed     C2 and C5 see nothing of what was published
//   done_relaxed      A1 publishes nothing, and the page is used anew
//   free_relaxed      G2 publishes nothing of what it saw done
//   open_relaxed      who opens sees nothing of what was done before
//   publish_first     P4 before P2
//   done_first        A1 before the payload is read
//   claim_by_store    C5 is a load and a store
//   free_early        G1 takes `taken` for done
//   free_open         G1 does not ask whether the page is closed
//   no_tag            words of all lives of a page are the same
//   no_proof          K1 without a death
//   no_take_over      K1 missing
#include <signet/base/models/relacy_run.hpp>

#include <cstring>

namespace {

char const* const variant_names[] = {
    "good",         "publish_relaxed", "claim_relaxed", "done_relaxed",   "free_relaxed",
    "open_relaxed", "publish_first",   "done_first",    "claim_by_store", "free_early",
    "free_open",    "no_tag",          "no_proof",      "no_take_over"};
char const* mistake = "good";

bool planted(char const* name) {
    return std::strcmp(mistake, name) == 0;
}
rl::memory_order order_of(char const* relaxed, rl::memory_order order) {
    return planted(relaxed) ? rl::mo_relaxed : order;
}

enum page_state { page_free = 0, page_opening = 1, page_open = 2, page_closed = 3 };
enum record_state { nothing = 0, ready = 1, taken = 2, done = 3 };
enum { messages = 4, slots = 2, mortal = 1 };

// Page: | number | state: 2 |. Record: | tag | fresh: 1 | owner: 2 | state: 2 |.
unsigned page_of(unsigned number, unsigned state) {
    return number << 2 | state;
}
unsigned record_of(unsigned number, unsigned state, unsigned owner, unsigned fresh) {
    return (planted("no_tag") ? 0 : number) << 5 | fresh << 4 | owner << 2 | state;
}
unsigned tag_of(unsigned word) {
    return word >> 5;
}
bool is_fresh(unsigned word) {
    return (word & 16) != 0;
}

struct queue_model : rl::test_suite<queue_model, 4> {
    rl::atomic<unsigned> page;
    rl::atomic<unsigned> slot[slots];
    rl::var<int> payload[slots];
    rl::atomic<unsigned> dead;

    // Seen by the checker alone.
    int pushed;
    int finished[messages];
    int last_fresh[3];

    void before() {
        page($) = page_of(0, page_free);
        for (int i = 0; i != slots; ++i) slot[i]($) = 0;
        dead($) = 0;
        pushed = 0;
        for (int i = 0; i != messages; ++i) finished[i] = 0;
        for (int i = 0; i != 3; ++i) last_fresh[i] = -1;
    }

    void thread(unsigned t) {
        if (t == 0) produce();
        if (t == 1 || t == 2) consume(t);
        if (t == 3) take_back();
    }

    // ---- producer -------------------------------------------------------------------------------

    void produce() {
        unsigned number = 0;
        int next = slots;
        for (int message = 0; message != messages; ++message) {
            if (next == slots) {
                if (!open_next(number)) return;
                next = 0;
            }
            push(message, number, next++);
        }
    }

    bool open_next(unsigned& number) {
        if (number != 0) page.store(page_of(number, page_closed), rl::mo_seq_cst, $);
        for (int tries = 0; tries != 6; ++tries) {
            try_free();
            unsigned seen = page.load(order_of("open_relaxed", rl::mo_acquire), $);
            if ((seen & 3) != page_free) continue;
            unsigned const opening = page_of(number + 1, page_opening);
            if (!page.compare_exchange_strong(seen, opening,
                                              order_of("open_relaxed", rl::mo_acq_rel), $))
                continue;
            ++number;
            slot[0].store(record_of(number, nothing, 0, 1), rl::mo_release, $);  // O4
            page.store(page_of(number, page_open), rl::mo_release, $);           // O5
            return true;
        }
        return false;
    }

    void push(int message, unsigned number, int at) {
        if (!planted("publish_first")) payload[at]($) = message;  // P2
        if (at + 1 != slots)
            slot[at + 1].store(record_of(number, nothing, 0, 1), rl::mo_relaxed, $);  // P3
        ++pushed;
        slot[at].exchange(record_of(number, ready, 0, 1),
                          order_of("publish_relaxed", rl::mo_seq_cst), $);  // P4
        if (planted("publish_first")) payload[at]($) = message;
    }

    // ---- consumers ------------------------------------------------------------------------------

    void consume(unsigned who) {
        for (int looks = 0; looks != 4; ++looks) {
            unsigned const seen = page.load(rl::mo_acquire, $);
            if ((seen & 3) != page_open && (seen & 3) != page_closed) continue;
            for (int at = 0; at != slots; ++at) {
                unsigned const word =
                    slot[at].load(order_of("claim_relaxed", rl::mo_acquire), $);  // C2
                unsigned const tag = planted("no_tag") ? 0 : seen >> 2;
                if (tag_of(word) != tag || (word & 3) == nothing) break;
                if ((word & 3) != ready) continue;
                if (!claim(who, at, word)) continue;
                if (who == mortal && rl::rand(3) == 0) return dead.store(1, rl::mo_release, $);
                finish(who, at, word);
            }
        }
    }

    bool claim(unsigned who, int at, unsigned word) {
        unsigned const ours = record_of(tag_of(word), taken, who, 0);
        if (planted("claim_by_store")) return slot[at].store(ours, rl::mo_seq_cst, $), true;
        return slot[at].compare_exchange_strong(word, ours,
                                                order_of("claim_relaxed", rl::mo_acq_rel), $);
    }

    void finish(unsigned who, int at, unsigned word) {
        unsigned ours = record_of(tag_of(word), taken, who, 0);
        unsigned const end = record_of(tag_of(word), done, 0, 0);
        int message = -1;
        if (!planted("done_first")) message = payload[at]($);
        bool const was_ours = slot[at].compare_exchange_strong(
            ours, end, order_of("done_relaxed", rl::mo_seq_cst), $);  // A1
        RL_ASSERT(was_ours);
        if (planted("done_first")) message = payload[at]($);
        RL_ASSERT(message >= 0 && message < messages && finished[message] == 0);
        ++finished[message];
        if (is_fresh(word)) {
            RL_ASSERT(message > last_fresh[who]);
            last_fresh[who] = message;
        }
        try_free();  // A2
    }

    // ---- anybody --------------------------------------------------------------------------------

    void try_free() {
        unsigned seen = page.load(rl::mo_seq_cst, $);
        bool const closed = (seen & 3) == page_closed;
        if (!closed && !(planted("free_open") && (seen & 3) == page_open)) return;
        for (int at = 0; at != slots; ++at) {  // G1
            unsigned const word = slot[at].load(order_of("free_relaxed", rl::mo_seq_cst), $);
            unsigned const tag = planted("no_tag") ? 0 : seen >> 2;
            if (tag_of(word) != tag || (word & 3) == nothing) break;
            bool const over = (word & 3) == done || (planted("free_early") && (word & 3) == taken);
            if (!over) return;
        }
        page.compare_exchange_strong(seen, seen & ~3u, order_of("free_relaxed", rl::mo_seq_cst),
                                     $);  // G2
    }

    void take_back() {
        for (int looks = 0; looks != 3; ++looks) {
            if (dead.load(rl::mo_acquire, $) == 0 && !planted("no_proof")) continue;
            take_back_once();
        }
    }

    void take_back_once() {
        if (planted("no_take_over")) return;
        for (int at = 0; at != slots; ++at) {
            unsigned word = slot[at].load(rl::mo_acquire, $);
            if ((word & 3) != taken || (word >> 2 & 3) != mortal) continue;
            slot[at].compare_exchange_strong(word, record_of(tag_of(word), ready, 0, 0),
                                             rl::mo_seq_cst, $);  // K1
        }
    }

    // Whoever comes last takes all that is left.
    void after() {
        if (dead($) != 0) take_back_once();
        unsigned const state = unsigned(page($)) & 3;
        for (int at = 0; at != slots && state != page_free; ++at) {
            unsigned const word = slot[at]($);
            unsigned const tag = planted("no_tag") ? 0 : unsigned(page($)) >> 2;
            if (tag_of(word) != tag || (word & 3) != ready) continue;
            ++finished[int(payload[at]($))];
        }
        for (int i = 0; i != pushed; ++i) RL_ASSERT(finished[i] == 1);
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3) mistake = argv[1];
    return run_model<queue_model>(argc, argv, variant_names);
}
