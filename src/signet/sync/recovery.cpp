// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/recovery.hpp>

#include <signet/memory/queue_recovery.hpp>
#include <signet/sync/barrier.hpp>
#include <signet/sync/once_flag.hpp>
#include <signet/sync/owned_word.hpp>
#include <signet/sync/semaphore.hpp>
#include <signet/sync/shared_box.hpp>
#include <signet/sync/shared_mutex.hpp>

#include <climits>

namespace signet::sync {

using memory::object_kind;

namespace {

/// One that is damaged is left alone: who uses it is told.
void take_back_from_queue(const found_object& object, memory::stamp dead,
                          const memory::shared_word<std::uint32_t>& seat) noexcept {
    memory::queue_geometry shape;
    bool other_version = false;
    if (memory::flaw_of(object.where, object.bytes, shape, other_version) != nullptr) return;
    const memory::queue_words words{object.where, shape};
    memory::take_back(words, dead, seat);
    for (std::uint32_t set = 0; set < shape.id_sets; ++set) {
        lock_word& lock = words.ids(set).lock;
        // relaxed: where nobody has it or waits for it there is nothing to do
        if (lock.load(std::memory_order_relaxed) != 0) owned_word::take_back(lock, dead);
    }
    for (memory::queue_bell* bell : {&words.header().work, &words.header().room}) {
        bell->rings.fetch_add(1, std::memory_order_seq_cst);  // K3. SYNC rings
        wake(bell->rings, INT_MAX);
    }
}

}  // namespace

std::uint64_t least_bytes(object_kind kind) noexcept {
    switch (kind) {
        case object_kind::shared_mutex: return 3 * memory::line_bytes;
        case object_kind::permit_pool: return 2 * memory::line_bytes;
        case object_kind::queue: return sizeof(memory::queue_header);
        default: return memory::line_bytes;
    }
}

void take_back_from(const found_object& object, memory::stamp dead,
                    const memory::shared_word<std::uint32_t>& seat) noexcept {
    auto& first = *reinterpret_cast<lock_word*>(object.where);
    switch (object.kind) {
        case object_kind::mutex:
            // One that lends priority is the kernel's; it wakes who sleeps, and who comes finds
            // out.
            if (object.shape == 0) owned_word::take_back(first, dead);
            return;
        case object_kind::shared: return shared_box::take_back(object.where, dead);
        case object_kind::shared_mutex:
            return shared_mutex::take_back(object.where, object.bytes, dead);
        case object_kind::permit_pool:
            return permit_pool::take_back(object.where, object.bytes, dead);
        case object_kind::once_flag:
        case object_kind::structure: return once_flag::take_back(first, dead);
        case object_kind::barrier:
        case object_kind::latch: return meeting::take_back(object.where, object.bytes, dead);
        case object_kind::condition_variable: return rouse(first);
        case object_kind::queue: return take_back_from_queue(object, dead, seat);
        case object_kind::semaphore:
        case object_kind::event:  // nobody owns them, and what is waited for stands in the word
        case object_kind::none: break;
    }
    wake(first, INT_MAX);
}

}  // namespace signet::sync
