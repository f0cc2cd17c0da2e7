// SPDX-License-Identifier: Apache-2.0
// Two processes on two cpus: they contend for a lock, meet at a barrier, and wake each other.
#include "bench_sync.hpp"
#include "bench_sync_rivals.hpp"

#include <bench/limits/futex.hpp>
#include <bench/limits/ping.hpp>
#include <bench/limits/spin.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <signet/sync.hpp>

#include <array>
#include <atomic>
#include <mutex>

namespace signet::command {
namespace {

using limits::tsc_clock;

/// A region of two processes: both open the file, which nobody else knows.
class common_region {
public:
    region open() const { return region{"bench", {.directory = place_.path()}}; }

private:
    private_directory place_;
};

// ---- a contended lock ---------------------------------------------------------------------------

constexpr std::uint64_t turns = 10;  // the rival's and ours, one after the other
constexpr std::uint64_t over = turns;

struct contest {
    robust_mutex theirs;
    alignas(limits::apart_bytes) std::atomic<int> there{0};
    alignas(limits::apart_bytes) std::atomic<std::uint64_t> turn{0};
    /// Locks taken in all turns of one kind, by each process; read when both have ended.
    struct alignas(limits::apart_bytes) score {
        std::array<std::uint64_t, 2> taken{};
        std::array<std::uint64_t, 2> ticks{};
    };
    std::array<score, 2> scores;
    alignas(limits::apart_bytes) std::array<std::uint64_t, 8> guarded{};  // by either lock
};

/// One turn: locks, changes a line, unlocks, until the turn is over. The first process ends it.
template <class Lock>
std::uint64_t contend(Lock& lock, contest& all, std::uint64_t turn, std::uint64_t until) {
    constexpr int between_looks = 32;
    std::uint64_t taken = 0;
    // relaxed, both: nothing is carried by the turn
    while (all.turn.load(std::memory_order_relaxed) == turn) {
        for (int i = 0; i < between_looks; ++i) {
            const std::scoped_lock held{lock};
            ++all.guarded[0];
        }
        taken += between_looks;
        if (until != 0 && tsc_clock::now() > until) {
            all.turn.store(turn + 1, std::memory_order_relaxed);  // relaxed: as above
        }
    }
    return taken;
}

void wait_for_both(contest& all) {
    all.there.fetch_add(1, std::memory_order_relaxed);       // relaxed: nothing is carried
    while (all.there.load(std::memory_order_relaxed) < 2) {  // relaxed: likewise
    }
}

/// `length`: of a turn, in ticks; 0 for the process that follows.
void take_part(const common_region& place, contest& all, std::size_t who, std::uint64_t length) {
    const region own = place.open();
    mutex ours{own, "mutex"};
    contest::score& score = all.scores[who];
    wait_for_both(all);
    for (std::uint64_t turn = 0; turn < over; ++turn) {
        const std::uint64_t from = tsc_clock::now();
        const std::uint64_t until = length == 0 ? 0 : from + length;
        const std::size_t kind = turn % 2;
        score.taken[kind] +=
            kind == 0 ? contend(all.theirs, all, turn, until) : contend(ours, all, turn, until);
        score.ticks[kind] += tsc_clock::now() - from;
    }
}

double millions_per_s(const contest& all, std::size_t kind) {
    const auto& [leader, other] = all.scores;
    const auto taken = static_cast<double>(leader.taken[kind] + other.taken[kind]);
    return taken / tsc_clock::instance().ns(leader.ticks[kind]) * 1e3;
}

sync_pair contended_round(const effort& how) {
    const common_region place;
    const limits::shared<contest> all;
    const limits::cpu_pair cpus = limits::two_cpus();
    const std::uint64_t length = tsc_clock::instance().ticks(how.length * 2) / turns;
    run_measured({{cpus.first, [&] { take_part(place, *all, 0, length); }},
                  {cpus.second, [&] { take_part(place, *all, 1, 0); }}});
    return {millions_per_s(*all, 0), millions_per_s(*all, 1)};
}

// ---- a barrier of two ---------------------------------------------------------------------------

struct meetings {
    limits::sample_log ns_per_round;
    alignas(limits::apart_bytes) std::atomic<std::uint64_t> last{~std::uint64_t{0}};  // batch
};

constexpr int rounds_each = 256;

void meet(barrier& at) {
    for (int i = 0; i < rounds_each; ++i) at.arrive_and_wait();
}

/// Both do as many batches: which is the last is said before it begins.
void lead_meetings(const common_region& place, const effort& how, meetings& all) {
    const region own = place.open();
    barrier at{own, "barrier", 2, wait_mode::poll};
    meet(at);  // the other one may not be there yet
    std::uint64_t done = 1;
    const std::uint64_t start = tsc_clock::now();
    const std::uint64_t length = tsc_clock::instance().ticks(how.length);
    for (std::uint64_t from = start; from - start < length && !all.ns_per_round.full(); ++done) {
        meet(at);
        const std::uint64_t to = tsc_clock::now();
        all.ns_per_round.add(tsc_clock::instance().ns(to - from) / rounds_each);
        from = to;
    }
    all.last.store(done + 1, std::memory_order_relaxed);  // relaxed: the barrier orders it
    meet(at);
}

void follow_meetings(const common_region& place, meetings& all) {
    const region own = place.open();
    barrier at{own, "barrier", 2, wait_mode::poll};
    std::uint64_t done = 0;
    do {
        meet(at);
    } while (++done < all.last.load(std::memory_order_relaxed));  // relaxed: as above
}

sync_pair barrier_round(const effort& how) {
    const double line = limits::cacheline_rtt_ns(limits::spinning::pausing, how.limit_length);
    const common_region place;
    const limits::shared<meetings> all;
    const limits::cpu_pair cpus = limits::two_cpus();
    run_measured({{cpus.first, [&] { lead_meetings(place, how, *all); }},
                  {cpus.second, [&] { follow_meetings(place, *all); }}});
    return {line, limits::median(all->ns_per_round.values())};
}

// ---- a condition variable -----------------------------------------------------------------------

struct talk {
    limits::sample_log trips_ns;
    std::uint64_t said = 0;  // guarded by the mutex of the region: odd is the follower's turn
    bool over = false;       // likewise
};

struct table_for_two {
    explicit table_for_two(const common_region& place)
        : own{place.open()}, lock{own, "mutex"}, changed{own, "changed"} {}

    /// Says the next word, and waits for the answer.
    void say(talk& all) {
        std::unique_lock held{lock};
        const std::uint64_t answered = ++all.said + 1;
        changed.notify_one();
        changed.wait(held, [&] { return all.said == answered || all.over; });
    }

    region own;
    mutex lock;
    condition_variable changed;
};

void lead_talk(const common_region& place, const effort& how, talk& all) {
    table_for_two at{place};
    at.say(all);  // the other one may not be there yet
    const std::uint64_t start = tsc_clock::now();
    const std::uint64_t length = tsc_clock::instance().ticks(how.length);
    for (std::uint64_t from = start; from - start < length && !all.trips_ns.full();) {
        at.say(all);
        const std::uint64_t to = tsc_clock::now();
        all.trips_ns.add(tsc_clock::instance().ns(to - from));
        from = to;
    }
    const std::scoped_lock held{at.lock};
    all.over = true;
    at.changed.notify_all();
}

void follow_talk(const common_region& place, talk& all) {
    table_for_two at{place};
    {
        std::unique_lock held{at.lock};
        at.changed.wait(held, [&] { return all.said == 1; });
    }
    while (!all.over) at.say(all);
}

sync_pair condition_round(const effort& how) {
    const limits::cpu_pair cpus = limits::two_cpus();
    const double bare = limits::futex_rtt_ns(cpus, how.limit_length);
    const common_region place;
    const limits::shared<talk> all;
    run_measured({{cpus.first, [&] { lead_talk(place, how, *all); }},
                  {cpus.second, [&] { follow_talk(place, *all); }}});
    return {bare, limits::median(all->trips_ns.values())};
}

}  // namespace

std::vector<sync_case> pair_cases() {
    return {
        {"mutex/contended", "robust pthread_mutex", "million/s", 1, true, contended_round},
        {"barrier/two", "cache line round trip", "ns", 2, false, barrier_round},
        {"condition_variable/two", "bare futex round trip", "ns", 0, false, condition_round},
    };
}

}  // namespace signet::command
