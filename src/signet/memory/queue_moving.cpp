// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_moving.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace signet::memory {
namespace {

/// A page in which all that is not done is delayed, and what that takes elsewhere.
struct delayed_page {
    seen_page page;
    page_room needs;
};

/// Pages that are to be emptied, and to where.
struct moving_plan {
    std::uint32_t priority = 0;
    std::vector<seen_page> from;
    bool opens = false;  ///< a page for it
    std::size_t gain() const noexcept {
        return opens && !from.empty() ? from.size() - 1 : from.size();
    }
};

/// What it is to say at its new place. A durable queue knows it by its identity for ever.
record_facts moved_facts(const queue_words& in, const queue_record& record,
                         std::uint32_t deliveries) {
    record_facts facts = record.facts;
    if ((in.shape().flags & queue_is_durable) == 0) facts.identity = 0;
    facts.deliveries = deliveries;
    return facts;
}

bool is_delayed(const queue_slot& slot, slot_word word, std::uint64_t now_ns) {
    // relaxed: published by the word
    return word.state() == record_state::delayed &&
           slot.due_ns.load(std::memory_order_relaxed) > now_ns;
}

/// No value where it is held up by something else, or by something that does not move.
std::optional<page_room> needs_of(const queue_words& in, const seen_page& page,
                                  std::uint64_t now_ns) {
    page_room all;
    for (std::uint32_t i = 0; i < in.shape().slots; ++i) {
        const queue_slot& slot = in.slot(page.page, i);
        const slot_word word{slot.word.load(std::memory_order_acquire)};  // SYNC record
        if (word.tag() != page.word.tag()) continue;                      // garbage
        if (word.state() == record_state::nothing) break;
        if (word.state() == record_state::done) continue;
        queue_record record;
        if (!is_delayed(slot, word, now_ns) || !read_record(in, page, i, record))
            return std::nullopt;
        const std::uint64_t lines =
            lines_of_record(in, record.payload.size(), moved_facts(in, record, 0));
        if (lines > in.shape().page_lines()) return std::nullopt;
        ++all.records;
        all.lines += lines;
    }
    if (all.records == 0) return std::nullopt;
    return all;
}

/// Those of the lanes that messages are pushed to, but for what `mover` appends to: emptiest first.
std::vector<delayed_page> delayed_pages(const queue_words& in, const queue_mover& mover) {
    std::vector<seen_page> seen;
    list_pages(in, seen);
    std::vector<delayed_page> all;
    for (const seen_page& page : seen) {
        const bool ours = page.word.may_grow() && page.word.seat() == mover.self.seat();
        if (ours || page.word.priority() == dead_priority) continue;
        if (const auto needs = needs_of(in, page, mover.now_ns)) all.push_back({page, *needs});
    }
    const auto share = [&](const delayed_page& one) {
        return one.needs.records * in.shape().page_lines() + one.needs.lines * in.shape().slots;
    };
    std::sort(all.begin(), all.end(), [&](const delayed_page& one, const delayed_page& other) {
        return share(one) < share(other);
    });
    return all;
}

bool has_any_of(const std::vector<delayed_page>& all, std::uint32_t priority) {
    return std::any_of(all.begin(), all.end(), [&](const delayed_page& one) {
        return one.page.word.priority() == priority;
    });
}

/// As many of that priority as fit in `room`.
moving_plan plan_for(const std::vector<delayed_page>& all, std::uint32_t priority, page_room room) {
    moving_plan plan{priority, {}};
    for (const delayed_page& one : all) {
        if (one.page.word.priority() != priority) continue;
        if (one.needs.records > room.records || one.needs.lines > room.lines) break;
        room.records -= one.needs.records;
        room.lines -= one.needs.lines;
        plan.from.push_back(one.page);
    }
    return plan;
}

/// Into the page that is open, or into one that is opened for it.
moving_plan better_plan(const queue_words& in, const std::vector<delayed_page>& all,
                        std::uint32_t priority, queue_lane& lane) {
    moving_plan here = plan_for(all, priority, lane.room());
    const page_room whole{in.shape().slots, in.shape().page_lines()};
    moving_plan elsewhere = plan_for(all, priority, whole);
    elsewhere.opens = true;
    const bool gains_more = elsewhere.gain() > here.gain() && has_free_pages(in, 1);
    return gains_more ? elsewhere : here;
}

bool change_record(const queue_words& in, const record_place& place, slot_word to) {
    std::uint64_t seen = place.word;
    // seq_cst: as for who finishes a record, and who makes it ready. SYNC record, SYNC doze
    return in.slot(place.page, place.slot)
        .word.compare_exchange(seen, to.bits(), std::memory_order_seq_cst);
}

bool change_record(const queue_words& in, const record_place& place, record_state to) {
    return change_record(in, place, slot_word{place.word}.as(to));
}

/// V2: writes the copy. No value where there is no room for it any more.
std::optional<record_place> write_copy(queue_lane& into, const queue_record& from,
                                       const record_facts& facts, stamp self) {
    const auto copy = into.reserve_here(from.payload.size(), facts);
    if (!copy) return std::nullopt;
    copy_in(reinterpret_cast<shared_word<std::uint64_t>*>(copy->payload), from.payload.data(),
            from.payload.size());
    return into.keep(*copy, from.payload.size(), facts, self, record_state::copied);
}

/// V5: it stays where it was, and whoever passed it by looks again.
bool leave_in_place(const queue_words& in, const record_place& place) {
    change_record(in, place, record_state::delayed);
    in.header().returned.fetch_add(1, std::memory_order_release);  // SYNC looks
    return false;
}

/// V1 to V5 for one record.
bool move_record(const queue_words& in, const seen_page& page, std::uint32_t number,
                 queue_lane& into, const queue_mover& mover) {
    const queue_slot& slot = in.slot(page.page, number);
    const slot_word word{slot.word.load(std::memory_order_acquire)};  // SYNC record
    if (word.tag() != page.word.tag() || !is_delayed(slot, word, mover.now_ns)) return false;
    const slot_word ours = word.as(record_state::moving, mover.self);
    if (!change_record(in, {page.page, number, word.bits()}, ours)) return false;  // V1
    const record_place original{page.page, number, ours.bits()};
    queue_record record;
    if (!read_record(in, page, number, record)) return leave_in_place(in, original);
    const auto copy =
        write_copy(into, record, moved_facts(in, record, word.deliveries()), mover.self);
    if (!copy) return leave_in_place(in, original);
    if (!change_record(in, original, record_state::done))            // V3
        return change_record(in, *copy, record_state::done), false;  // it was not ours
    return change_record(in, *copy, record_state::delayed);          // V4
}

}  // namespace

moved_records move_delayed(const queue_words& in, std::span<queue_lane> lanes,
                           const queue_mover& mover) {
    moved_records moved;
    const std::vector<delayed_page> all = delayed_pages(in, mover);
    if (all.empty()) return moved;
    moving_plan best;
    for (std::uint32_t priority = 0; priority < lanes.size(); ++priority) {
        if (!has_any_of(all, priority)) continue;
        moving_plan plan = better_plan(in, all, priority, lanes[priority]);
        if (plan.gain() > best.gain()) best = std::move(plan);
    }
    if (best.gain() == 0) return moved;
    best.from = close_open_pages(in, best.from, mover.vacant, mover.fence_all);
    queue_lane& into = lanes[best.priority];
    if (best.gain() == 0 || (best.opens && !into.open_spare())) return moved;
    for (const seen_page& page : best.from) {
        for (std::uint32_t i = 0; i < in.shape().slots; ++i) {
            if (move_record(in, page, i, into, mover)) ++moved.records;
        }
        if (free_page(in, page)) ++moved.pages_freed;
    }
    return moved;
}

}  // namespace signet::memory
