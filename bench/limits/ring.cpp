// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/ring.hpp>

#include <bench/limits/bytes.hpp>
#include <bench/limits/processes.hpp>
#include <bench/limits/samples.hpp>
#include <bench/limits/spin.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace limits {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t stride_bytes = std::size_t{1} << 16;  // between two looks at the flag
constexpr std::size_t window_bytes = std::size_t{1} << 22;  // between two looks at the clock
constexpr int windows_min = 9;  // so that a single one that lost its time slice is not the median
constexpr std::uint64_t not_yet = ~std::uint64_t{0};

// What the two ends share beside the slots. Message m lies in slot m modulo their number, filled
// with the seed m. The writer of each field is named; nobody writes what another one writes.
struct ring_indices {
    alignas(apart_bytes) std::atomic<std::uint64_t> tail{0};  // producer: published so far
    std::atomic<std::uint64_t> total{not_yet};                // producer: its last tail
    alignas(apart_bytes) std::atomic<std::uint64_t> head{0};  // consumer: consumed so far
    alignas(apart_bytes) std::atomic<bool> enough{false};     // consumer: time is up
    alignas(apart_bytes) std::uint64_t sum = 0;               // consumer: of all messages
    sample_log windows_ns_per_message;                        // consumer
};

// The slots as one end sees them. `SlotBytes` is a constant where the size is known, so that the
// work on a small message is a handful of instructions, and 0 where it is not.
template <std::size_t SlotBytes>
class slot_cursor {
public:
    slot_cursor(std::span<std::byte> all, std::size_t slots) noexcept
        : all_(all.data()), bytes_(all.size()), slot_bytes_(all.size() / slots) {}

    std::span<std::byte> get() const noexcept { return {all_ + offset_, slot_bytes()}; }

    void next() noexcept {
        offset_ += slot_bytes();
        if (offset_ == bytes_) {
            offset_ = 0;
        }
    }

private:
    std::size_t slot_bytes() const noexcept { return SlotBytes != 0 ? SlotBytes : slot_bytes_; }

    std::byte* all_;
    std::size_t bytes_;
    std::size_t slot_bytes_;
    std::size_t offset_ = 0;
};

template <typename Spin, std::size_t SlotBytes>
struct producer {
    ring_indices& shared;
    slot_cursor<SlotBytes> slot;
    std::uint64_t slots;
    std::uint64_t tail = 0;
    std::uint64_t seen_head = 0;

    void wait_for_room() noexcept {
        while (tail - seen_head == slots) {
            Spin{}();
            seen_head = shared.head.load(std::memory_order_acquire);  // SYNC limits.ring.head
        }
    }

    void produce(std::uint64_t messages) noexcept {
        for (std::uint64_t i = 0; i < messages; ++i) {
            wait_for_room();
            fill_bytes(slot.get(), tail);
            slot.next();
            shared.tail.store(++tail, std::memory_order_release);  // SYNC limits.ring.tail
        }
    }

    void run(std::uint64_t stride) noexcept {
        // Relaxed: the flag carries nothing with it.
        while (!shared.enough.load(std::memory_order_relaxed)) {
            produce(stride);
        }
        // Relaxed: a total that is seen before the tail it speaks of only makes the consumer wait.
        shared.total.store(tail, std::memory_order_relaxed);
    }
};

template <typename Spin, std::size_t SlotBytes>
struct consumer {
    ring_indices& shared;
    slot_cursor<SlotBytes> slot;
    std::uint64_t slots;
    std::uint64_t head = 0;
    std::uint64_t seen_tail = 0;
    std::uint64_t sum = 0;

    bool look() noexcept {
        if (head == seen_tail) {
            seen_tail = shared.tail.load(std::memory_order_acquire);  // SYNC limits.ring.tail
        }
        return head != seen_tail;
    }

    void take() noexcept {
        sum += sum_bytes(slot.get());
        slot.next();
        shared.head.store(++head, std::memory_order_release);  // SYNC limits.ring.head
    }

    void consume(std::uint64_t messages) noexcept {
        for (std::uint64_t i = 0; i < messages; ++i) {
            while (!look()) {
                Spin{}();
            }
            take();
        }
    }

    void drain() noexcept {
        // Relaxed: it only ends the loop; what is taken was seen through the tail.
        while (head != shared.total.load(std::memory_order_relaxed)) {
            look() ? take() : Spin{}();
        }
    }

    // The clock starts after two laps, when all pages are mapped and the ring has found its rhythm,
    // and stops while the producer is still at work, so that neither filling nor draining counts.
    void run(const tsc_clock& clock, std::uint64_t length_ticks, std::uint64_t window) noexcept {
        consume(2 * slots);
        const std::uint64_t start = clock.now();
        std::uint64_t from = start;
        for (int n = 0; n < windows_min || from - start < length_ticks; ++n) {
            consume(window);
            const std::uint64_t to = clock.now();
            shared.windows_ns_per_message.add(clock.ns(to - from) / static_cast<double>(window));
            from = to;
        }
        shared.enough.store(true, std::memory_order_relaxed);  // as above
        drain();
        shared.sum = sum;
    }
};

// The sum of messages 0, 1, … total - 1, each filled with its number.
std::uint64_t expected_sum(std::size_t slot_bytes, std::uint64_t total) {
    const std::uint64_t numbers =
        total % 2 == 0 ? total / 2 * (total - 1) : (total - 1) / 2 * total;
    return slot_bytes / word_bytes * numbers + total * sum_of_fill(slot_bytes, 0);
}

struct ring_shape {
    std::size_t slot_bytes;
    std::size_t slots;
};

template <std::size_t SlotBytes, typename Spin>
void run_ring(ring_indices& indices, ring_shape shape, std::chrono::nanoseconds length,
              cpu_pair cpus) {
    const tsc_clock& clock = tsc_clock::instance();
    const std::uint64_t length_ticks = clock.ticks(length);
    const shared_bytes memory(shape.slot_bytes * shape.slots);
    const slot_cursor<SlotBytes> slot(memory.get(), shape.slots);
    const std::uint64_t stride = std::max<std::size_t>(1, stride_bytes / shape.slot_bytes);
    const std::uint64_t laps = std::max<std::size_t>(1, window_bytes / memory.get().size());
    const std::uint64_t window = laps * shape.slots;
    // Each end is a local of its process, so that the compiler keeps its cursors in registers.
    const auto produce = [&] {
        producer<Spin, SlotBytes> end{.shared = indices, .slot = slot, .slots = shape.slots};
        end.run(stride);
    };
    const auto consume = [&] {
        consumer<Spin, SlotBytes> end{.shared = indices, .slot = slot, .slots = shape.slots};
        end.run(clock, length_ticks, window);
    };
    run_together({{cpus.first, produce}, {cpus.second, consume}});
}

template <std::size_t SlotBytes>
double ns_per_message(ring_shape shape, std::chrono::nanoseconds length) {
    const shared<ring_indices> indices;
    const cpu_pair cpus = two_cpus();
    with_spin(spinning::pausing, cpus, [&](auto spin) {
        run_ring<SlotBytes, decltype(spin)>(*indices, shape, length, cpus);
    });
    // Relaxed: both processes have ended.
    const std::uint64_t total = indices->total.load(std::memory_order_relaxed);
    if (indices->sum != expected_sum(shape.slot_bytes, total)) {
        throw std::runtime_error("the bare ring lost or changed a message");
    }
    return median(indices->windows_ns_per_message.values());
}

}  // namespace

double ring_msgs_per_s(std::size_t slots, std::chrono::nanoseconds length) {
    return 1e9 / ns_per_message<line_bytes>({line_bytes, slots}, length);
}

double bare_bulk_ring_gb_per_s(std::size_t payload_bytes, std::size_t depth,
                               std::chrono::nanoseconds length) {
    if (payload_bytes == 0 || depth == 0) {
        throw std::invalid_argument("a bulk ring needs buffers, and bytes in them");
    }
    const std::size_t lines = (payload_bytes + line_bytes - 1) / line_bytes;
    const ring_shape shape{lines * line_bytes, depth};
    std::vector<double> rates;
    for (int i = 0; i < 5; ++i) {
        rates.push_back(static_cast<double>(shape.slot_bytes) / ns_per_message<0>(shape, length));
    }
    return median(std::move(rates));
}

}  // namespace limits
