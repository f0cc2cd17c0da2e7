// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/ping.hpp>

#include <bench/limits/samples.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <atomic>
#include <cstdint>

namespace limits {
namespace {

constexpr std::uint64_t batch_rounds = 256;
constexpr std::uint64_t goodbye = ~std::uint64_t{0};

struct ping_memory {
    alignas(apart_bytes) std::atomic<std::uint64_t> question{0};  // writer: the asker
    alignas(apart_bytes) std::atomic<std::uint64_t> answer{0};    // writer: the answerer
    alignas(apart_bytes) sample_log batches_ns;                   // writer: the asker
};

void say(std::atomic<std::uint64_t>& line, std::uint64_t number) noexcept {
    line.store(number, std::memory_order_release);  // SYNC limits.ping
}

/// The first number on `line` that is not `last`.
template <typename Spin>
std::uint64_t hear(const std::atomic<std::uint64_t>& line, std::uint64_t last, Spin spin) noexcept {
    std::uint64_t number;
    while ((number = line.load(std::memory_order_acquire)) == last) {  // SYNC limits.ping
        spin();
    }
    return number;
}

/// Returns the number of the last question, which is also the last answer.
template <typename Spin>
std::uint64_t ask_batch(ping_memory& memory, std::uint64_t last, Spin spin) noexcept {
    for (std::uint64_t i = 0; i < batch_rounds; ++i) {
        say(memory.question, last + 1);
        last = hear(memory.answer, last, spin);
    }
    return last;
}

template <typename Spin>
void ask(ping_memory& memory, const tsc_clock& clock, std::uint64_t length_ticks,
         Spin spin) noexcept {
    std::uint64_t last =
        ask_batch(memory, 0, spin);  // not timed: the other side may not be there yet
    const std::uint64_t start = clock.now();
    for (std::uint64_t from = start; from - start < length_ticks && !memory.batches_ns.full();) {
        last = ask_batch(memory, last, spin);
        const std::uint64_t to = clock.now();
        memory.batches_ns.add(clock.ns(to - from) / static_cast<double>(batch_rounds));
        from = to;
    }
    say(memory.question, goodbye);
}

template <typename Spin>
void answer(ping_memory& memory, Spin spin) noexcept {
    for (std::uint64_t last = 0; (last = hear(memory.question, last, spin)) != goodbye;) {
        say(memory.answer, last);
    }
}

}  // namespace

double cacheline_rtt_ns(spinning how, std::chrono::nanoseconds length, cpu_pair cpus) {
    const tsc_clock& clock = tsc_clock::instance();
    const shared<ping_memory> memory;
    with_spin(how, cpus, [&](auto spin) {
        run_together({{cpus.first, [&] { ask(*memory, clock, clock.ticks(length), spin); }},
                      {cpus.second, [&] { answer(*memory, spin); }}});
    });
    return median(memory->batches_ns.values());
}

double ping(std::chrono::nanoseconds length) {
    return cacheline_rtt_ns(spinning::pausing, length);
}

}  // namespace limits
