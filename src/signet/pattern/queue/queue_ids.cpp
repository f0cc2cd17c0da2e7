// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_ids.hpp>

#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_recovery.hpp>
#include <signet/memory/queue_touched.hpp>
#include <signet/sync/owned_word.hpp>

#include <chrono>
#include <cstring>

// Relaxed throughout this file: entries are written and read under the lock of their set. Only
// `pending` is cleared without it, by its owner, when the record is there.

namespace signet::pattern {
namespace {

using memory::queue_id_entry;
using memory::queue_id_set;
using memory::slot_word;
using memory::stamp;

/// Holds the lock of a set, if it can be had soon. Whoever died with it left one entry that may be
/// no id of anybody.
class set_lock {
public:
    set_lock(const sync::region_core& in, queue_id_set& set)
        : word_{in, set.lock}, held_{take(word_)} {}
    ~set_lock() {
        if (held_) word_.give_up(sync::left_as::consistent);
    }
    set_lock(const set_lock&) = delete;
    set_lock& operator=(const set_lock&) = delete;

    /// Not where somebody has it who was stopped.
    explicit operator bool() const noexcept { return held_; }

private:
    static bool take(sync::owned_word& word) {
        constexpr std::chrono::milliseconds patience{1};
        return word.try_take() != sync::ownership::none ||
               word.take({.until = after(patience)}) != sync::ownership::none;
    }

    sync::owned_word word_;
    bool held_;
};

stamp pusher_of(const queue_id_entry& entry) {
    return stamp::of(
        static_cast<std::uint32_t>(entry.pending.load(std::memory_order_acquire)));  // SYNC id
}

}  // namespace

queue_ids::key queue_ids::key_of(const memory::message_id& id) noexcept {
    key words;
    std::memcpy(words.words, id.bytes.data(), sizeof words.words);
    return words;
}

queue_id_set& queue_ids::set_of(const key& id) const noexcept {
    std::uint64_t mixed = (id.words[0] ^ id.words[1] * 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;
    mixed ^= mixed >> 32;
    return words_.ids(static_cast<std::uint32_t>(mixed % words_.shape().id_sets));
}

bool queue_ids::is(const queue_id_entry& entry, const key& id) noexcept {
    return entry.id[0].load(std::memory_order_relaxed) == id.words[0] &&
           entry.id[1].load(std::memory_order_relaxed) == id.words[1];
}

bool queue_ids::is_young(const queue_id_entry& entry, std::uint64_t now_ns) const noexcept {
    const std::uint64_t time = entry.time_ns.load(std::memory_order_relaxed);
    return time != 0 && (time > now_ns || now_ns - time < words_.shape().id_window_ns);
}

queue_ids::claim queue_ids::begin(const memory::message_id& id, std::uint64_t now_ns) const {
    if (words_.shape().id_sets == 0) return {};
    const key wanted = key_of(id);
    queue_id_set& set = set_of(wanted);
    const set_lock turn{*in_, set};
    if (!turn) return {verdict::pending, nullptr};
    for (queue_id_entry& entry : set.entry) {
        if (is_young(entry, now_ns) && is(entry, wanted)) return decide(entry, id, now_ns);
    }
    return enter(set, wanted, now_ns);
}

// I1, where it is known.
queue_ids::claim queue_ids::decide(queue_id_entry& entry, const memory::message_id& id,
                                   std::uint64_t now_ns) const {
    const stamp pusher = pusher_of(entry);
    if (pusher.nobody()) return {verdict::duplicate, nullptr};
    if (!in_->dead(pusher)) return {verdict::pending, nullptr};
    const bool there = has_record(id, now_ns);
    if (!there) entry.time_ns.store(now_ns, std::memory_order_relaxed);
    entry.pending.store(there ? 0 : in_->self().bits(), std::memory_order_relaxed);
    // Its pusher may have died before it said where it is.
    if (there) memory::touch_all(words_);
    if (there) return {verdict::duplicate, nullptr};
    return {verdict::fresh, &entry};
}

// One that is done and was never delivered was dropped or purged, or its pusher died with it as a
// loan; and one from before the window is another message.
bool queue_ids::has_record(const memory::message_id& id, std::uint64_t now_ns) const {
    bool found = false;
    const std::uint64_t window_ns = words_.shape().id_window_ns;
    memory::for_each_record(words_, [&](const memory::seen_page& page, std::uint32_t slot,
                                        slot_word word) {
        const bool dropped = word.state() == memory::record_state::done && word.deliveries() == 0;
        if (found || dropped || word.state() == memory::record_state::loaned) return;
        memory::queue_record record;
        if (!memory::read_record(words_, page, slot, record)) return;
        const std::uint64_t pushed_ns = record.facts.pushed_ns;
        found = record.facts.id == id && (pushed_ns >= now_ns || now_ns - pushed_ns < window_ns);
    });
    return found;
}

// I2: the oldest makes room, but not one that is being pushed.
queue_ids::claim queue_ids::enter(queue_id_set& set, const key& id, std::uint64_t now_ns) const {
    queue_id_entry* oldest = nullptr;
    std::uint64_t oldest_ns = UINT64_MAX;
    for (queue_id_entry& entry : set.entry) {
        const std::uint64_t time = entry.time_ns.load(std::memory_order_relaxed);
        const stamp pusher = pusher_of(entry);
        const bool busy = time != 0 && !pusher.nobody() && !in_->dead(pusher);
        if (busy || time >= oldest_ns) continue;
        oldest = &entry;
        oldest_ns = time;
    }
    if (oldest == nullptr) return {verdict::pending, nullptr};
    claim made{verdict::fresh, oldest, &set};
    if (is_young(*oldest, now_ns)) {
        made.forgotten = {{oldest->id[0].load(std::memory_order_relaxed),
                           oldest->id[1].load(std::memory_order_relaxed)}};
        made.forgotten_ns = oldest_ns;
        words_.header().forgotten.fetch_add(1, std::memory_order_relaxed);  // relaxed: for people
    }
    oldest->time_ns.store(0, std::memory_order_relaxed);  // who dies here leaves nothing
    oldest->pending.store(in_->self().bits(), std::memory_order_relaxed);
    oldest->id[0].store(id.words[0], std::memory_order_relaxed);
    oldest->id[1].store(id.words[1], std::memory_order_relaxed);
    oldest->time_ns.store(now_ns, std::memory_order_relaxed);
    return made;
}

void queue_ids::sure(const claim& of) noexcept {
    if (of.entry != nullptr) of.entry->pending.store(0, std::memory_order_release);  // SYNC id
}

// False: somebody who has the lock is stopped.
bool queue_ids::restore(const claim& of) const {
    const set_lock turn{*in_, *of.set};
    if (!turn) return false;
    of.entry->time_ns.store(0, std::memory_order_relaxed);  // who dies here leaves nothing
    of.entry->id[0].store(of.forgotten.words[0], std::memory_order_relaxed);
    of.entry->id[1].store(of.forgotten.words[1], std::memory_order_relaxed);
    of.entry->pending.store(0, std::memory_order_relaxed);
    of.entry->time_ns.store(of.forgotten_ns, std::memory_order_relaxed);
    words_.header().forgotten.fetch_add(UINT64_MAX, std::memory_order_relaxed);  // one less
    return true;
}

// From the last store on it may be anybody's.
void queue_ids::withdraw(const claim& of) const noexcept {
    if (of.forgotten_ns != 0) {
        try {
            if (restore(of)) return;
        } catch (...) {
            // It stays forgotten.
        }
    }
    if (of.entry != nullptr) of.entry->time_ns.store(0, std::memory_order_relaxed);
}

bool queue_ids::is_pending(const memory::message_id& id, std::uint64_t now_ns) const {
    if (words_.shape().id_sets == 0) return false;
    const key wanted = key_of(id);
    std::uint32_t busy = 0;
    for (const queue_id_entry& entry : set_of(wanted).entry) {
        const stamp pusher = pusher_of(entry);
        const bool pending = entry.time_ns.load(std::memory_order_relaxed) != 0 &&
                             !pusher.nobody() && !in_->dead(pusher);
        if (pending && is_young(entry, now_ns) && is(entry, wanted)) return true;
        if (pending) ++busy;
    }
    return busy == memory::ids_in_set;
}

}  // namespace signet::pattern
