// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/shared_mutex.hpp>

#include <signet/base/error.hpp>
#include <signet/os/futex.hpp>

#include <climits>
#include <mutex>
#include <utility>

namespace signet::sync {
namespace {

using memory::stamp;

constexpr std::uint32_t writer_waits = 1;
constexpr std::uint32_t one_left = 2;
constexpr std::uint64_t readers_mask = 0xffffffff;

stamp owner_of(std::uint32_t seat, std::uint64_t word) {
    return {seat, static_cast<std::uint32_t>(word >> 32) & stamp::generation_max};
}

}  // namespace

shared_mutex::shared_mutex(const region& in, std::string_view name, mutex_options options)
    : shared_mutex{in.core(), name, std::move(options)} {}

shared_mutex::shared_mutex(std::shared_ptr<region_core> in, std::string_view name,
                           mutex_options options)
    : in_{std::move(in)},
      words_{in_->words_of<words>(
          {.kind = memory::object_kind::shared_mutex,
           .name = name,
           .bytes = sizeof(words) + in_->shape().seats * sizeof(seat_readers)})},
      writers_{in_, name, words_->writer, std::move(options)} {}

// ---- writers ------------------------------------------------------------------------------------

bool shared_mutex::try_lock() {
    const ownership got = writers_.try_take();
    if (got == ownership::none) return false;
    if (!anybody_reads()) return writers_.admit(got);
    writers_.give_back();
    return false;
}

bool shared_mutex::take(const patience& limit) {
    const ownership got = writers_.take(limit);
    if (got == ownership::none) return false;
    if (wait_for_readers(limit)) return writers_.admit(got);
    writers_.give_back();
    return false;
}

bool shared_mutex::lock_inherited() {
    const ownership got = writers_.take({});
    wait_for_readers({});
    return writers_.adopt(got);
}

bool shared_mutex::wait_for_readers(const patience& limit) {
    sleeper waiting{limit};
    while (anybody_reads()) {
        if (spin([&] { return !anybody_reads(); })) return true;
        if (waiting.over()) return false;
        const std::uint32_t armed = words_->left.fetch_or(writer_waits, std::memory_order_seq_cst) |
                                    writer_waits;  // SYNC shared
        if (!anybody_reads()) return true;
        waiting.sleep(words_->left, armed);
    }
    return true;
}

bool shared_mutex::anybody_reads() const {
    // Whoever has just become the writer did so by an exchange that is not part of the one order:
    // without this the look could come before it, where the machine is weakly ordered.
    memory::fence(std::memory_order_seq_cst);  // SYNC shared
    for (std::uint32_t seat = 0; seat < in_->shape().seats; ++seat) {
        if (anybody_reads(seat)) return true;
    }
    return false;
}

bool shared_mutex::anybody_reads(std::uint32_t seat) const {
    auto& word = words_->readers[seat].word;
    std::uint64_t seen = word.load(std::memory_order_seq_cst);  // SYNC shared
    if ((seen & readers_mask) == 0) return false;
    if (!in_->dead(owner_of(seat, seen))) return true;
    word.compare_exchange(seen, 0, std::memory_order_seq_cst);  // SYNC shared
    return false;
}

// ---- readers ------------------------------------------------------------------------------------

bool shared_mutex::try_lock_shared() {
    in_->check_process();
    if (enter()) return true;
    const lock_word& writer = words_->writer;
    // relaxed: enter() looks again
    if (writer.load(std::memory_order_relaxed) != memory::inherited_bit) return false;
    repair();
    return enter();
}

bool shared_mutex::take_shared(const patience& limit) {
    in_->check_process();
    if (enter()) return true;
    sleeper waiting{limit};
    do {
        if (!wait_for_writer(waiting)) return false;
    } while (!enter());
    return true;
}

// Counts this thread as a reader; false where a writer is there, or left something to repair.
bool shared_mutex::enter() {
    auto& own = words_->readers[in_->self().seat()].word;
    const std::uint64_t generation = std::uint64_t{in_->self().generation()} << 32;
    std::uint64_t seen = own.load(std::memory_order_relaxed);  // relaxed: the exchange orders
    std::uint64_t more = 0;
    do {
        more = (seen & ~readers_mask) == generation ? seen + 1 : generation + 1;
    } while (!own.compare_exchange(seen, more, std::memory_order_seq_cst));  // SYNC shared
    if (words_->writer.load(std::memory_order_seq_cst) == 0) return true;  // SYNC shared, SYNC lock
    leave();
    return false;
}

void shared_mutex::leave() noexcept {
    words_->readers[in_->self().seat()].word.fetch_add(~std::uint64_t{0},
                                                       std::memory_order_seq_cst);  // SYNC shared
    std::uint32_t seen = words_->left.load(std::memory_order_seq_cst);              // SYNC shared
    while ((seen & writer_waits) != 0) {
        const std::uint32_t told = (seen + one_left) & ~writer_waits;
        if (!words_->left.compare_exchange(seen, told, std::memory_order_seq_cst))
            continue;  // SYNC shared
        os::futex_wake(*words_->left.address(), INT_MAX);
        return;
    }
}

void shared_mutex::unlock_shared() {
    if (!in_->here()) return;  // a forked child has no such memory
    const auto& own = words_->readers[in_->self().seat()].word;
    if ((own.load(std::memory_order_relaxed) & readers_mask) == 0) {  // relaxed: our own count
        throw contract_violation{"unlock shared_mutex '" + writers_.name() +
                                 "': this process does not share it"};
    }
    leave();
}

// Until there is no writer, and nothing to repair; false: the patience ended.
bool shared_mutex::wait_for_writer(sleeper& waiting) {
    owned_word writer{*in_, words_->writer};
    bool slept = false;
    for (;;) {
        std::uint32_t seen = 0;
        const bool free = writer.spin_until_free(seen);
        // A writer wakes one; readers go together.
        if (free && slept) os::futex_wake(*words_->writer.address(), INT_MAX);
        if (free && (seen & memory::inherited_bit) == 0) return true;
        if (free || in_->dead(stamp::of(seen))) {
            repair();
            continue;
        }
        if (waiting.over()) {
            if (slept) writer.pass_on();
            return false;
        }
        slept = writer.sleep(waiting, seen) || slept;
    }
}

// As the writer that comes next: it is told of the death, or its hook puts things right.
void shared_mutex::repair() {
    const std::lock_guard as_writer{*this};
}

void shared_mutex::take_back(std::byte* where, std::uint64_t bytes, stamp dead) noexcept {
    auto& all = *reinterpret_cast<words*>(where);
    const std::uint64_t seats = (bytes - sizeof(words)) / sizeof(seat_readers);
    if (dead.seat() < seats) {
        auto& word = all.readers[dead.seat()].word;
        std::uint64_t seen = word.load(std::memory_order_seq_cst);  // SYNC shared
        while (owner_of(dead.seat(), seen) == dead &&
               !word.compare_exchange(seen, 0, std::memory_order_seq_cst)) {  // SYNC shared
        }
    }
    rouse(all.left);
    owned_word::take_back(all.writer, dead);
}

}  // namespace signet::sync
