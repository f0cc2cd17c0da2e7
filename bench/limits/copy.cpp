// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/copy.hpp>

#include <bench/limits/processes.hpp>
#include <bench/limits/samples.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>

namespace limits {
namespace {

std::uint64_t copy_once(std::span<std::byte> to, std::span<const std::byte> from) noexcept {
    const std::uint64_t start = tsc_clock::now();
    std::memcpy(to.data(), from.data(), from.size());
    // For the compiler only: the copy has been made when the clock is read, and is not left out
    // because the next one overwrites it.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return tsc_clock::now() - start;
}

}  // namespace

double copy_gb_per_s(std::size_t bytes, std::chrono::nanoseconds length) {
    const tsc_clock& clock = tsc_clock::instance();
    const std::uint64_t length_ticks = clock.ticks(length);
    const shared<sample_log> copies_ns;
    const shared_bytes from(bytes);
    const shared_bytes to(bytes);
    run_together({{one_cpu().first, [&] {
                       copy_once(to.get(), from.get());  // not timed: maps the pages
                       const std::uint64_t start = clock.now();
                       do {
                           copies_ns->add(clock.ns(copy_once(to.get(), from.get())));
                       } while (clock.now() - start < length_ticks && !copies_ns->full());
                   }}});
    return static_cast<double>(bytes) / median(copies_ns->values());
}

}  // namespace limits
