// SPDX-License-Identifier: Apache-2.0
// One process that nobody disturbs. Ours and the rival's take turns in it, some ten microseconds
// each, so that both see the same machine.
#include "bench_sync.hpp"
#include "bench_sync_rivals.hpp"

#include <bench/limits/tsc_clock.hpp>

#include <signet/base/time.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <shared_mutex>

namespace signet::command {

/// What a shared object of a cache line holds.
struct shared_line {
    std::uint64_t words[8];
};

namespace {

using limits::tsc_clock;

constexpr int batch = 512;  // of operations, between two changes

/// Keeps the compiler from leaving out or joining what makes `value`.
template <class Value>
void keep(const Value& value) {
    asm volatile("" : : "g"(&value) : "memory");
}

template <class Operation>
double ns_of(Operation& operation) {
    const std::uint64_t from = tsc_clock::now();
    for (int i = 0; i < batch; ++i) operation();
    return tsc_clock::instance().ns(tsc_clock::now() - from) / batch;
}

struct logs {
    limits::sample_log rival;
    limits::sample_log ours;
};

template <class Rival, class Ours>
void take_turns(const effort& how, logs& all, Rival rival, Ours ours) {
    for (int i = 0; i < how.warm_up / 10; ++i) keep(ns_of(rival) + ns_of(ours));
    const deadline enough = after(how.length);
    while (clock::now() < enough && !all.ours.full()) {
        all.rival.add(ns_of(rival));
        all.ours.add(ns_of(ours));
    }
}

/// `body(region, logs)` in a process of its own.
template <class Body>
sync_pair alone(const Body& body) {
    const limits::shared<logs> all;
    tsc_clock::instance();  // calibrated before the fork
    run_measured({{limits::two_cpus().first, [&] {
                       const region own = region::create_anonymous();
                       body(own, *all);
                   }}});
    return {limits::median(all->rival.values()), limits::median(all->ours.values())};
}

sync_pair mutex_round(const effort& how) {
    const limits::shared<robust_mutex> theirs;
    return alone([&](const region& own, logs& all) {
        mutex ours{own, "mutex"};
        take_turns(
            how, all, [&] { const std::scoped_lock held{*theirs}; },
            [&] { const std::scoped_lock held{ours}; });
    });
}

sync_pair shared_mutex_round(const effort& how) {
    const limits::shared<shared_rwlock> theirs;
    return alone([&](const region& own, logs& all) {
        shared_mutex ours{own, "shared mutex"};
        take_turns(
            how, all, [&] { const std::shared_lock held{*theirs}; },
            [&] { const std::shared_lock held{ours}; });
    });
}

sync_pair semaphore_round(const effort& how) {
    const limits::shared<shared_semaphore> theirs;
    return alone([&](const region& own, logs& all) {
        semaphore ours{own, "semaphore", 1};
        const auto once = [](auto& one) {
            one.acquire();
            one.release();
        };
        take_turns(how, all, [&] { once(*theirs); }, [&] { once(ours); });
    });
}

/// The same object under the rival's lock.
struct locked_line {
    robust_mutex lock;
    shared_line value{};
};

sync_pair with_round(const effort& how) {
    const limits::shared<locked_line> theirs;
    return alone([&](const region& own, logs& all) {
        shared<shared_line> ours{own, "line"};
        const auto change = [](shared_line& line) { ++line.words[0]; };
        take_turns(
            how, all,
            [&] {
                const std::scoped_lock held{theirs->lock};
                change(theirs->value);
            },
            [&] { ours.with(change); });
    });
}

sync_pair read_round(const effort& how) {
    const limits::shared<locked_line> theirs;
    return alone([&](const region& own, logs& all) {
        shared<shared_line> ours{own, "line"};
        take_turns(
            how, all,
            [&] {
                const std::scoped_lock held{theirs->lock};
                const shared_line copy = theirs->value;
                keep(copy);
            },
            [&] { keep(ours.read()); });
    });
}

sync_pair heap_round(const effort& how) {
    constexpr std::size_t bytes = 100;
    return alone([&](const region& own, logs& all) {
        using numbers = std::array<std::uint64_t, 8>;
        const structure<numbers> owner{own, "owner"};
        const auto heap = owner.allocates();
        take_turns(
            how, all,
            [&] {
                void* const block = std::malloc(bytes);
                keep(block);
                std::free(block);
            },
            [&] { heap.release(heap.allocate(bytes, alignof(std::max_align_t))); });
    });
}

}  // namespace

std::vector<sync_case> alone_cases() {
    return {
        {"mutex/alone", "robust pthread_mutex", "ns", 1.1, false, mutex_round},
        {"semaphore/alone", "sem_t", "ns", 1.5, false, semaphore_round},
        {"shared_mutex/alone", "pthread_rwlock", "ns", 0, false, shared_mutex_round},
        {"shared/with", "robust pthread_mutex", "ns", 0, false, with_round},
        {"shared/read", "robust pthread_mutex", "ns", 0, false, read_round},
        {"heap/alone", "malloc", "ns", 0, false, heap_round},
    };
}

}  // namespace signet::command
