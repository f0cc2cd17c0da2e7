// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/shared_box.hpp>

#include <signet/base/error.hpp>
#include <signet/sync/mutex.hpp>
#include <signet/sync/region_core.hpp>

#include <algorithm>
#include <climits>
#include <cstring>

namespace signet::sync {
namespace {

constexpr std::uint32_t one_change = 2;

constexpr std::uint64_t lines(std::uint64_t bytes) {
    return (bytes + memory::line_bytes - 1) / memory::line_bytes * memory::line_bytes;
}

}  // namespace

shared_box::shared_box(const region& in, const box_spec& wanted)
    : in_{in.core()}, name_{wanted.name}, bytes_{wanted.value.size()} {
    const std::uint64_t places = in_place() ? 1 : 2;
    std::vector<std::byte> initial(sizeof(words) + lines(wanted.type.size()) + lines(bytes_));
    const std::uint64_t sizes[]{wanted.type.size(), bytes_};
    std::memcpy(initial.data() + offsetof(words, type_bytes), sizes, sizeof sizes);
    std::copy(wanted.type.begin(), wanted.type.end(), initial.data() + sizeof(words));
    std::copy(wanted.value.begin(), wanted.value.end(),
              initial.data() + sizeof(words) + lines(wanted.type.size()));
    const found_object found = in_->find_or_make_any(
        {.kind = memory::object_kind::shared,
         .name = name_,
         .bytes = sizeof(words) + lines(wanted.type.size()) + places * lines(bytes_),
         .initial = initial});
    words_ = reinterpret_cast<words*>(found.where);
    find_places(found.bytes);
}

// Where its bytes are, as who made it said; that it fits the object is checked here, once.
void shared_box::find_places(std::uint64_t object_bytes) {
    // relaxed, both: they were there before the object had its name
    type_bytes_ = words_->type_bytes.load(std::memory_order_relaxed);
    const std::uint64_t value_bytes = words_->value_bytes.load(std::memory_order_relaxed);
    const std::uint64_t room = object_bytes - sizeof(words);
    const std::uint64_t places = value_bytes > copied_bytes_max ? 1 : 2;
    const bool sound = value_bytes != 0 && type_bytes_ <= room && value_bytes <= room &&
                       lines(type_bytes_) + places * lines(value_bytes) <= room;
    if (!sound) complain_of_sizes();
    places_ = reinterpret_cast<std::byte*>(words_ + 1) + lines(type_bytes_);
    if (value_bytes != bytes_) bytes_ = 0;  // of another type: `type` says which
}

void shared_box::complain_of_sizes() const {
    throw error{errc::damaged, "use shared object", name_, "its sizes cannot be"};
}

void shared_box::require_wanted_size() const {
    if (bytes_ == 0) complain_of_sizes();
}

std::vector<std::byte> shared_box::type() const {
    std::vector<std::byte> copy(type_bytes_);
    std::memcpy(copy.data(), words_ + 1, type_bytes_);
    return copy;
}

std::uint64_t shared_box::place_bytes() const noexcept {
    return lines(bytes_);
}

memory::shared_word<std::uint64_t>* shared_box::place(std::uint32_t version) const noexcept {
    return reinterpret_cast<memory::shared_word<std::uint64_t>*>(places_ +
                                                                 version % 2 * place_bytes());
}

// relaxed, here and below: a thread asks only whether it stored its own mark
ownership shared_box::lock(const patience& limit) {
    in_->check_process();
    if (holder_.load(std::memory_order_relaxed) == this_thread_mark()) {  // relaxed: as above
        throw contract_violation{"change shared object '" + name_ + "' from within a change of it"};
    }
    const ownership got = owned_word{*in_, words_->lock}.take(limit);
    if (got != ownership::none) {
        holder_.store(this_thread_mark(), std::memory_order_relaxed);  // relaxed: as above
    }
    return got;
}

void shared_box::unlock(left_as how) noexcept {
    holder_.store(nullptr, std::memory_order_relaxed);  // relaxed: as above
    if (in_->here()) owned_word{*in_, words_->lock}.give_up(how);
}

void shared_box::copy_current(void* to) const noexcept {
    memory::copy_out(to, place(current()), bytes_);
}

void shared_box::commit(const void* from) noexcept {
    // A reader that copies what was current before the last change finds that the version is
    // another one: its fence and ours see to it.
    memory::fence(std::memory_order_release);  // SYNC places
    memory::copy_in(place(current() + 1), from, bytes_);
    note_change();
}

void shared_box::note_change() noexcept {
    // relaxed: the exchange orders
    std::uint32_t seen = words_->version.load(std::memory_order_relaxed);
    while (!words_->version.compare_exchange(seen, (seen + one_change) & ~somebody_waits,
                                             std::memory_order_release)) {  // SYNC version
    }
    if ((seen & somebody_waits) != 0) wake(words_->version, INT_MAX);
}

std::uint32_t shared_box::read(void* to) const {
    in_->check_process();
    for (;;) {
        const std::uint32_t before = current();
        memory::copy_out(to, place(before), bytes_);
        memory::fence(std::memory_order_acquire);  // SYNC places
        if (current() == before) return before;
    }
}

std::uint32_t shared_box::version() const {
    in_->check_process();
    return current();
}

std::uint32_t shared_box::current() const noexcept {
    return words_->version.load(std::memory_order_acquire) / one_change;  // SYNC version
}

bool shared_box::wait_for_change(std::uint32_t seen, sleeper& waiting) {
    in_->check_process();
    std::uint32_t word = 0;
    for (;;) {
        const bool changed = spin([&] {
            word = words_->version.load(std::memory_order_acquire);  // SYNC version
            return word / one_change != seen;
        });
        if (changed) return true;
        if (waiting.over()) return false;
        const std::uint32_t armed = word | somebody_waits;
        // relaxed: nothing is published, and the kernel looks at the word again
        if (!words_->version.compare_exchange(word, armed, std::memory_order_relaxed)) continue;
        if (!waiting.sleep(words_->version, armed)) return current() != seen;
    }
}

void shared_box::take_back(std::byte* where, memory::stamp dead) noexcept {
    auto& all = *reinterpret_cast<words*>(where);
    owned_word::take_back(all.lock, dead);
    // relaxed: it was there before the object had its name
    if (all.value_bytes.load(std::memory_order_relaxed) > copied_bytes_max) {
        rouse(all.version);  // half changed, perhaps: who waits is to look, and is told
    } else {
        wake(all.version, INT_MAX);
    }
}

}  // namespace signet::sync
