// SPDX-License-Identifier: Apache-2.0
// A model, for the Relacy race detector, of how somebody who needs room ends a page in which all is
// done while its pusher may be about to go on there: steps E against P1 of docs/design/queues.md.
// The fence that who ends makes everybody do stands on both sides. One page of three slots, its
// pusher, and one who consumes, ends, and uses the page anew.
//
// What is checked: no race on a payload; each message that was pushed is read once.
//
// All variants but `good` change one thing and must be rejected:
//   pusher_unfenced  P1 looks at the page before it has said where it writes
//   ender_unfenced   E3 looks at who writes before the page says that it ends
//   unsaid           P1 does not say where it writes
//   unasked          P1 does not look at the page
//   said_late        P1 looks at the page, and then says where it writes
//   asked_early      E looks at who writes, and then says that the page ends
//   unlooked         E4 does not look at the records once more
//   left_early       who writes says that it is over, and writes
#include <signet/base/models/relacy_run.hpp>

#include <cstring>

namespace {

char const* const variant_names[] = {"good",        "pusher_unfenced", "ender_unfenced",
                                     "unsaid",      "unasked",         "said_late",
                                     "asked_early", "unlooked",        "left_early"};
char const* mistake = "good";

bool planted(char const* name) {
    return std::strcmp(mistake, name) == 0;
}

enum page_state { open = 0, ending = 1, closed = 2, anew = 3 };
enum record_state { nothing = 0, ready = 1, done = 2 };
enum { slots = 3, messages = 2 };

struct idle_model : rl::test_suite<idle_model, 2> {
    rl::atomic<unsigned> page;
    rl::atomic<unsigned> writing;
    rl::atomic<unsigned> slot[slots];
    rl::var<int> payload[slots];

    // Seen by the checker alone.
    int pushed;
    int read;

    void before() {
        page($) = open;
        writing($) = 0;
        for (int i = 0; i != slots; ++i) slot[i]($) = nothing;
        pushed = 0;
        read = 0;
    }

    void thread(unsigned t) {
        if (t == 0) push_all();
        if (t == 1) end_page();
    }

    // ---- pusher ---------------------------------------------------------------------------------

    void push_all() {
        for (int i = 0; i != messages; ++i) {
            if (!begin_to_write()) return;
            if (planted("left_early")) writing.store(0, rl::mo_release, $);
            payload[i]($) = i;
            slot[i].exchange(ready, rl::mo_seq_cst, $);
            ++pushed;
            writing.store(0, rl::mo_release, $);
        }
    }

    bool begin_to_write() {
        bool const late = planted("said_late");
        if (!planted("unsaid") && !late) writing.store(1, rl::mo_relaxed, $);
        if (!planted("pusher_unfenced")) rl::atomic_thread_fence(rl::mo_seq_cst, $);
        bool const ours = page.load(rl::mo_acquire, $) == open || planted("unasked");
        if (ours && late) writing.store(1, rl::mo_relaxed, $);
        if (!ours) writing.store(0, rl::mo_release, $);
        return ours;
    }

    // ---- who consumes, and needs room -----------------------------------------------------------

    void end_page() {
        consume();
        if (!all_done()) return;
        bool const early = planted("asked_early");
        unsigned const before = early ? writing.load(rl::mo_acquire, $) : 0;
        unsigned seen = open;
        if (!page.compare_exchange_strong(seen, ending, rl::mo_seq_cst, $)) return;  // E2
        if (!planted("ender_unfenced")) rl::atomic_thread_fence(rl::mo_seq_cst, $);  // E3
        if ((early ? before : writing.load(rl::mo_acquire, $)) != 0) return;
        seen = ending;
        if (!page.compare_exchange_strong(seen, closed, rl::mo_seq_cst, $)) return;  // E4
        if (!all_done() && !planted("unlooked")) return;
        seen = closed;
        if (!page.compare_exchange_strong(seen, anew, rl::mo_seq_cst, $)) return;  // G2
        for (int i = 0; i != slots; ++i) payload[i]($) = -1;
    }

    void consume() {
        for (int i = 0; i != slots; ++i) {
            if (slot[i].load(rl::mo_acquire, $) != ready) return;
            RL_ASSERT(int(payload[i]($)) == i);
            ++read;
            slot[i].store(done, rl::mo_seq_cst, $);
        }
    }

    bool all_done() {
        for (int i = 0; i != slots; ++i) {
            unsigned const word = slot[i].load(rl::mo_seq_cst, $);
            if (word == nothing) return true;
            if (word != done) return false;
        }
        return true;
    }

    void after() {
        for (int i = 0; i != slots && unsigned(page($)) != anew; ++i) {
            if (slot[i].load(rl::mo_relaxed, $) == ready) ++read;
        }
        RL_ASSERT(read == pushed);
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3) mistake = argv[1];
    return run_model<idle_model>(argc, argv, variant_names);
}
