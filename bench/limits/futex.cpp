// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/futex.hpp>

#include <bench/limits/samples.hpp>
#include <bench/limits/spin.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace limits {
namespace {

using word = std::atomic<std::uint32_t>;
static_assert(sizeof(word) == 4 && word::is_always_lock_free, "the kernel looks at 4 bytes");

constexpr std::uint32_t goodbye = ~std::uint32_t{0};

struct futex_memory {
    alignas(apart_bytes) word question{0};           // writer: the asker
    alignas(apart_bytes) word answer{0};             // writer: the answerer
    alignas(apart_bytes) sample_log round_trips_ns;  // writer: the asker
};

void say(word& target, std::uint32_t number) noexcept {
    target.store(number, std::memory_order_release);  // SYNC limits.futex
    syscall(SYS_futex, &target, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

/// The first number in `source` that is not `last`. The kernel compares again before it lets us
/// sleep, and each return, by a wake, a signal or a number that came first, leads to another look.
std::uint32_t hear(word& source, std::uint32_t last) noexcept {
    std::uint32_t number;
    while ((number = source.load(std::memory_order_acquire)) == last) {  // SYNC limits.futex
        syscall(SYS_futex, &source, FUTEX_WAIT, last, nullptr, nullptr, 0);
    }
    return number;
}

void ask(futex_memory& memory, const tsc_clock& clock, std::uint64_t length_ticks) noexcept {
    say(memory.question, 1);  // not timed: the other side may not be there yet
    std::uint32_t last = hear(memory.answer, 0);
    const std::uint64_t start = clock.now();
    for (std::uint64_t from = start;
         from - start < length_ticks && !memory.round_trips_ns.full();) {
        say(memory.question, last + 1);
        last = hear(memory.answer, last);
        const std::uint64_t to = clock.now();
        memory.round_trips_ns.add(clock.ns(to - from));
        from = to;
    }
    say(memory.question, goodbye);
}

void answer(futex_memory& memory) noexcept {
    for (std::uint32_t last = 0; (last = hear(memory.question, last)) != goodbye;) {
        say(memory.answer, last);
    }
}

}  // namespace

double futex_rtt_ns(cpu_pair cpus, std::chrono::nanoseconds length) {
    const tsc_clock& clock = tsc_clock::instance();
    const shared<futex_memory> memory;
    run_together({{cpus.first, [&] { ask(*memory, clock, clock.ticks(length)); }},
                  {cpus.second, [&] { answer(*memory); }}});
    return median(memory->round_trips_ns.values());
}

}  // namespace limits
