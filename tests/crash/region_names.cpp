// SPDX-License-Identifier: Apache-2.0
#include "region_names.hpp"

#include <signet/memory/heap.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/sync/region_core.hpp>

#include <array>
#include <cstdint>

namespace signet::tests {
namespace {

using memory::object_kind;
using memory::region_header;
using memory::seat_entry;
using memory::stamp;

std::uint32_t value_at(const std::byte* word) {
    return reinterpret_cast<const memory::shared_word<std::uint32_t>*>(word)->load(
        std::memory_order_relaxed);
}

std::string lock_state(std::uint32_t word, const sync::region_core* in) {
    const stamp owner = stamp::of(word);
    const bool ours = in != nullptr && owner == in->self();
    std::string text = owner.nobody() ? "free" : ours ? "ours" : "another's";
    if (owner.bits() == stamp::mask) text = "done";
    if ((word & memory::waiters_bit) != 0) text += ", waiters";
    if ((word & memory::inherited_bit) != 0) text += ", inherited";
    return " [" + text + ']';
}

std::string count_state(std::uint32_t word) {
    return (word & 1) != 0 ? " [waiters]" : " [nobody waits]";
}

std::string semaphore_state(std::uint32_t word) {
    return std::string{word >= 2 ? " [permits" : " [none"} + ((word & 1) != 0 ? ", waiters]" : "]");
}

std::string event_state(std::uint32_t word) {
    return std::string{(word & 2) != 0 ? " [set" : " [not set"} +
           ((word & 1) != 0 ? ", waiters]" : "]");
}

std::string shared_object_word(std::size_t offset, std::uint32_t value,
                               const sync::region_core* in) {
    if (offset == 0) return "shared.lock" + lock_state(value, in);
    if (offset == 4) return "shared.version" + count_state(value);
    return offset < memory::line_bytes ? "shared.sizes" : "shared.value";
}

std::string shared_mutex_word(std::size_t offset, std::uint32_t value,
                              const sync::region_core* in) {
    if (offset == 0) return "shared_mutex.writer" + lock_state(value, in);
    if (offset == memory::line_bytes) return "shared_mutex.left" + count_state(value);
    return value != 0 ? "shared_mutex.readers [some]" : "shared_mutex.readers [none]";
}

std::string meeting_word(const std::string& kind, std::size_t offset, std::uint32_t value) {
    if (offset == 0) return kind + ".round" + count_state(value);
    return offset < memory::line_bytes / 4 ? kind + ".bell" + count_state(value) : kind + ".place";
}

std::string bell_of_queue(const char* name, std::size_t offset, std::uint32_t value) {
    if (offset != 0) return std::string{name} + ".rings";
    return std::string{name} + ((value & 1) != 0 ? ".dozing [set]" : ".dozing [clear]");
}

std::string queue_header_word(std::size_t offset, std::uint32_t value) {
    using memory::queue_header;
    if (offset >= offsetof(queue_header, reader)) return "queue.counts";
    if (offset >= offsetof(queue_header, returned)) return "queue.returned";
    if (offset >= offsetof(queue_header, opened)) return "queue.opened";
    if (offset >= offsetof(queue_header, room))
        return bell_of_queue("queue.room", offset - offsetof(queue_header, room), value);
    if (offset >= offsetof(queue_header, work))
        return bell_of_queue("queue.work", offset - offsetof(queue_header, work), value);
    if (offset >= offsetof(queue_header, freed)) return "queue.freed";
    return offset >= offsetof(queue_header, tickets) ? "queue.tickets" : "queue.shape";
}

std::string queue_word(const sync::found_object& object, std::size_t offset) {
    constexpr std::array pages{"free", "opening", "open", "closed", "tail", "ending"};
    constexpr std::array records{"nothing", "loaned",   "staged", "ready",  "delayed",
                                 "taken",   "finished", "done",   "moving", "copied"};
    const std::uint32_t value = value_at(object.where + offset);
    memory::queue_geometry shape;
    bool other = false;
    if (memory::flaw_of(object.where, object.bytes, shape, other) != nullptr) return "queue";
    if (offset < sizeof(memory::queue_header)) return queue_header_word(offset, value);
    if (offset >= shape.pushers_offset() && offset < shape.ids_offset()) return "queue.pusher";
    if (offset < shape.pushers_offset())
        return std::string{"queue.page ["} + pages.at((value & 7) % pages.size()) + "]";
    if (offset < shape.slots_offset()) return "queue.ids";
    if (offset >= shape.pages_offset()) return "queue.payload";
    const std::size_t in_slot = (offset - shape.slots_offset()) % sizeof(memory::queue_slot);
    if (in_slot != 0) return "queue.slot";
    return std::string{"queue.record ["} + records.at((value & 15) % records.size()) + "]";
}

std::string object_word(const sync::found_object& object, std::size_t offset,
                        const sync::region_core* in) {
    const std::uint32_t value = value_at(object.where + offset);
    switch (object.kind) {
        case object_kind::mutex: return "mutex.word" + lock_state(value, in);
        case object_kind::condition_variable: return "condition.word" + count_state(value);
        case object_kind::semaphore: return "semaphore.word" + semaphore_state(value);
        case object_kind::shared_mutex: return shared_mutex_word(offset, value, in);
        case object_kind::once_flag: return "once.word" + lock_state(value, in);
        case object_kind::event: return "event.word" + event_state(value);
        case object_kind::barrier: return meeting_word("barrier", offset, value);
        case object_kind::latch: return meeting_word("latch", offset, value);
        case object_kind::permit_pool:
            return offset == 0 ? "pool.turn" + count_state(value)
                               : "pool.permit" + lock_state(value, in);
        case object_kind::shared: return shared_object_word(offset, value, in);
        case object_kind::structure:
            return offset == 0 ? "structure.flag" + lock_state(value, in) : "structure.content";
        case object_kind::queue: return queue_word(object, offset);
        case object_kind::none: break;
    }
    return "object";
}

std::string heap_word(const std::byte* begin, std::size_t offset, std::size_t heap_offset) {
    const sync::region_core* const in = sync::region_core::at(begin);
    if (in != nullptr) {
        for (const sync::found_object& object : in->objects()) {
            const auto from = static_cast<std::size_t>(object.where - begin);
            if (offset - from < object.bytes) return object_word(object, offset - from, in);
        }
    }
    return offset < heap_offset + memory::heap::lists_bytes ? "heap.list" : "heap.block";
}

std::string seat_word_name(const std::byte* begin, std::size_t offset) {
    constexpr std::array states{" [free]", " [active]", " [dead]", " [?]"};
    const std::size_t within = offset % sizeof(seat_entry);
    if (within == offsetof(seat_entry, heart)) return "seat.heart";
    if (within != 0) return "seat.description";
    return std::string{"seat.word"} + states.at(value_at(begin + offset) & 3);
}

std::string header_word(const std::byte* begin, std::size_t offset) {
    if (offset == offsetof(region_header, joined)) return "joined";
    if (offset == offsetof(region_header, keeper)) {
        return "keeper" + lock_state(value_at(begin + offset), sync::region_core::at(begin));
    }
    if (offset == offsetof(region_header, redo_count)) {
        return value_at(begin + offset) == 0 ? "redo_count [0]" : "redo_count [counts]";
    }
    return offset > offsetof(region_header, redo_count) ? "redo entry" : "region header";
}

}  // namespace

std::string region_word_name(const std::byte* begin, std::size_t offset) {
    if (offset < memory::page_bytes) return header_word(begin, offset);
    const auto& header = *reinterpret_cast<const region_header*>(begin);
    const memory::region_geometry shape{header.bytes.load(std::memory_order_relaxed),
                                        header.seats.load(std::memory_order_relaxed),
                                        header.objects.load(std::memory_order_relaxed)};
    if (offset < shape.objects_offset()) return seat_word_name(begin, offset);
    if (offset < shape.heap_offset()) return "directory";
    return heap_word(begin, offset, shape.heap_offset());
}

}  // namespace signet::tests
