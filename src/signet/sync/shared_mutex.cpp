// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/shared_mutex.hpp>

#include <signet/base/error.hpp>

#include <climits>
#include <utility>

namespace signet::sync {
namespace {

using memory::stamp;

constexpr std::uint32_t writer_waits = 1;
constexpr std::uint32_t one_left = 2;

// The count of a seat's readers.
constexpr std::uint64_t readers_max = 0xffff;
constexpr std::uint64_t one_reader = 0x10001;
constexpr unsigned generation_shift = 43;

std::uint64_t readers_of(std::uint64_t count) {
    return count & readers_max;
}

std::uint64_t no_readers_of(std::uint32_t generation) {
    const std::uint32_t check = (generation ^ generation >> 10) & 0x7ff;
    return std::uint64_t{generation} << generation_shift | std::uint64_t{check} << 32;
}

stamp owner_of(std::uint32_t seat, std::uint64_t count) {
    return {seat, static_cast<std::uint32_t>(count >> generation_shift)};
}

bool is_sound(std::uint64_t count) {
    const auto generation = static_cast<std::uint32_t>(count >> generation_shift);
    return count == no_readers_of(generation) + readers_of(count) * one_reader;
}

mutex_options checked(mutex_options options, std::string_view name) {
    if (options.priority == lock_priority::own) return options;
    throw error{errc::bad_option, "use shared_mutex", name,
                "it cannot lend priority to many readers; a mutex can"};
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
      writers_{in_, name, words_->writer, checked(std::move(options), name)} {}

// ---- writers ------------------------------------------------------------------------------------

/// Who has the writers' word, and gives it back unless the lock is its in the end: there may still
/// be readers, and to look at them may throw.
class shared_mutex::next_writer {
public:
    next_writer(mutex& writers, ownership got) noexcept : writers_{&writers}, got_{got} {}
    ~next_writer() {
        if (is_next()) writers_->give_back();
    }

    next_writer(const next_writer&) = delete;
    next_writer& operator=(const next_writer&) = delete;

    bool is_next() const noexcept { return got_ != ownership::none; }
    ownership keep() noexcept { return std::exchange(got_, ownership::none); }

private:
    mutex* writers_;
    ownership got_;
};

bool shared_mutex::try_lock() {
    next_writer us{writers_, writers_.try_take()};
    return us.is_next() && !anybody_reads() && writers_.admit(us.keep());
}

bool shared_mutex::take(const patience& limit) {
    next_writer us{writers_, writers_.take(limit)};
    return us.is_next() && wait_for_readers(limit) && writers_.admit(us.keep());
}

bool shared_mutex::lock_inherited() {
    next_writer us{writers_, writers_.take({})};
    wait_for_readers({});
    return writers_.adopt(us.keep());
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

std::uint64_t shared_mutex::sound(std::uint64_t count) const {
    if (is_sound(count)) return count;
    throw error{errc::damaged, "use shared_mutex", writers_.name(),
                "the count of a process's readers cannot be"};
}

bool shared_mutex::anybody_reads(std::uint32_t seat) const {
    auto& word = words_->readers[seat].word;
    std::uint64_t seen = word.load(std::memory_order_seq_cst);  // SYNC shared
    if (seen == 0 || readers_of(sound(seen)) == 0) return false;
    if (!in_->dead(owner_of(seat, seen))) return true;
    word.compare_exchange(seen, 0, std::memory_order_seq_cst);  // SYNC shared
    return false;
}

// ---- readers ------------------------------------------------------------------------------------

bool shared_mutex::try_lock_shared() {
    in_->check_process();
    if (enter()) return true;
    // relaxed: enter() looks again
    const std::uint32_t writer = words_->writer.load(std::memory_order_relaxed);
    if ((writer & ~memory::waiters_bit) != memory::inherited_bit) return false;
    if (!try_lock()) return false;  // readers from before the death are still there
    unlock();
    return enter();
}

bool shared_mutex::take_shared(const patience& limit) {
    in_->check_process();
    if (enter()) return true;
    sleeper waiting{limit};
    do {
        if (!wait_for_writer(waiting, limit)) return false;
    } while (!enter());
    return true;
}

// Counts this thread as a reader; false where a writer is there, or left something to repair.
bool shared_mutex::enter() {
    auto& own = words_->readers[in_->self().seat()].word;
    const std::uint64_t none = no_readers_of(in_->self().generation());
    std::uint64_t seen = own.load(std::memory_order_relaxed);  // relaxed: the exchange orders
    std::uint64_t more = 0;
    do {
        const bool ours = owner_of(in_->self().seat(), sound(seen)) == in_->self();
        if (ours && readers_of(seen) == readers_max) {
            throw error{errc::limit_reached, "share shared_mutex", writers_.name(),
                        "more threads of a process than can be counted"};
        }
        more = (ours ? seen : none) + one_reader;
    } while (!own.compare_exchange(seen, more, std::memory_order_seq_cst));  // SYNC shared
    const std::uint32_t writer =
        words_->writer.load(std::memory_order_seq_cst);  // SYNC shared, SYNC lock
    if ((writer & ~memory::waiters_bit) == 0) return true;
    leave();
    return false;
}

void shared_mutex::leave() noexcept {
    words_->readers[in_->self().seat()].word.fetch_add(~one_reader + 1,
                                                       std::memory_order_seq_cst);  // SYNC shared
    std::uint32_t seen = words_->left.load(std::memory_order_seq_cst);              // SYNC shared
    while ((seen & writer_waits) != 0) {
        const std::uint32_t told = (seen + one_left) & ~writer_waits;
        if (!words_->left.compare_exchange(seen, told, std::memory_order_seq_cst))
            continue;  // SYNC shared
        wake(words_->left, INT_MAX);
        return;
    }
}

void shared_mutex::unlock_shared() {
    if (!in_->here()) return;  // a forked child has no such memory
    const auto& own = words_->readers[in_->self().seat()].word;
    if (readers_of(sound(own.load(std::memory_order_relaxed))) == 0) {  // relaxed: our own count
        throw contract_violation{"unlock shared_mutex '" + writers_.name() +
                                 "': this process does not share it"};
    }
    leave();
}

// Until there is no writer, and nothing to repair; false: the patience ended.
bool shared_mutex::wait_for_writer(sleeper& waiting, const patience& limit) {
    owned_word writer{*in_, words_->writer};
    bool slept = false;
    for (;;) {
        std::uint32_t seen = 0;
        const bool free = writer.spin_until_free(seen);
        // A writer wakes one; readers go together.
        if (free && slept) wake(words_->writer, INT_MAX);
        if (free && (seen & memory::inherited_bit) == 0) return true;
        const bool to_repair = free || in_->dead(stamp::of(seen));
        if (to_repair && repair(limit)) continue;
        if (to_repair || waiting.over()) {
            if (slept) writer.pass_on();
            return false;
        }
        slept = writer.sleep(waiting, seen) || slept;
    }
}

// As the writer that comes next: it is told of the death, or its hook puts things right.
// False: the patience ended, as readers from before the death are still there.
bool shared_mutex::repair(const patience& limit) {
    if (!take(limit)) return false;
    unlock();
    return true;
}

void shared_mutex::take_back(std::byte* where, std::uint64_t bytes, stamp dead) noexcept {
    auto& all = *reinterpret_cast<words*>(where);
    const std::uint64_t seats = (bytes - sizeof(words)) / sizeof(seat_readers);
    if (dead.seat() < seats) {
        auto& word = all.readers[dead.seat()].word;
        std::uint64_t seen = word.load(std::memory_order_seq_cst);  // SYNC shared
        // Where it is damaged, it is the count of this seat all the same.
        while ((owner_of(dead.seat(), seen) == dead || !is_sound(seen)) &&
               !word.compare_exchange(seen, 0, std::memory_order_seq_cst)) {  // SYNC shared
        }
    }
    rouse(all.left);
    owned_word::take_back(all.writer, dead);
}

}  // namespace signet::sync
