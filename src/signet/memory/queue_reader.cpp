// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_reader.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace signet::memory {
namespace {

auto order_of(const seen_page& one) {
    return std::tuple{one.word.priority(), one.word.seat(), one.word.number()};
}

bool same_lane(const seen_page& one, const seen_page& other) {
    return one.word.priority() == other.word.priority() && one.word.seat() == other.word.seat();
}

// Where a tag came back meanwhile it is a record of the page as it is now.
bool claim(const queue_words& in, const seen_page& page, std::uint32_t slot, slot_word word,
           stamp self, taken_record& into, bool& sound) {
    const slot_word taken = word.taken_by(self);
    std::uint64_t seen = word.bits();
    // C5. Release, too: who finds the stamp finds our seat. SYNC record, SYNC stamp
    if (!in.slot(page.page, slot)
             .word.compare_exchange(seen, taken.bits(), std::memory_order_acq_rel)) {
        return false;
    }
    into.place = {page.page, slot, taken.bits()};
    sound = read_record(in, page, slot, into);
    if (!sound) sound = read_record(in, {page.page, in.see_page(page.page)}, slot, into);
    into.facts.deliveries = taken.deliveries();
    return true;
}

}  // namespace

std::optional<claimed_record> claim_record(const queue_words& in, const seen_page& page,
                                           std::uint32_t slot, slot_word word, stamp self) {
    claimed_record found;
    if (!claim(in, page, slot, word, self, found.record, found.sound)) return std::nullopt;
    return found;
}

void queue_reader::forget() noexcept {
    from_beginning_ = true;
    look_again_ = true;
    next_due_ns_ = 0;
    takes_ = 0;
}

std::uint32_t queue_reader::freed() noexcept {
    return std::exchange(freed_, 0);
}

// C1. What changes here came before: acquire. Not to see it costs a late look.
void queue_reader::follow_hints() {
    const std::uint32_t returned =
        in_.header().returned.load(std::memory_order_acquire);  // SYNC looks
    if (returned != returned_ || takes_ >= takes_before_forgetting) forget();
    if (next_due_ns_ != 0 && now_() >= next_due_ns_) forget();
    returned_ = returned;
    if (look_again_ || takes_ - looked_ >= takes_before_look) look();
}

std::uint32_t queue_reader::opened(std::uint32_t priority) const noexcept {
    return in_.header().opened[priority].load(std::memory_order_acquire);  // SYNC looks
}

const queue_reader::lane* queue_reader::known(std::uint32_t priority,
                                              std::uint32_t seat) const noexcept {
    for (const lane& one : lanes_) {
        if (one.priority == priority && one.seat == seat) return &one;
    }
    return nullptr;
}

// Of the pages seen, those from where we are on, as far as none can be missing.
queue_reader::lane queue_reader::merged(std::size_t begin, std::size_t end, bool& reliable) const {
    const page_word first = seen_[begin].word;
    lane now{first.priority(), first.seat(), {}, 0, 0, seen_[end - 1].word.number()};
    const lane* const before = known(now.priority, now.seat);
    const std::uint64_t latest = before != nullptr ? before->latest : 0;
    std::uint64_t here = 0;
    if (before != nullptr && before->at < before->pages.size()) {
        here = before->pages[before->at].word.number();
        now.slot = before->slot;
    }
    if (from_beginning_) here = 0;
    for (std::size_t i = begin; i < end; ++i) {
        const std::uint64_t number = seen_[i].word.number();
        if (number >= here && number <= std::max(latest, here)) now.pages.push_back(seen_[i]);
        if (number > latest) reliable = false;
    }
    if (now.pages.empty() || now.pages.front().word.number() != here) now.slot = 0;
    return now;
}

// All that came before a page that was seen is there when one looks again: so a page counts where
// the look before saw one as late as it. False: look once more.
bool queue_reader::look_once() {
    list_pages(in_, seen_);
    const bool dead = which_ == lanes_of::dead_letters;
    std::erase_if(seen_, [&](const seen_page& one) {
        return (one.word.priority() == dead_priority) != dead;
    });
    std::sort(seen_.begin(), seen_.end(),
              [](const auto& one, const auto& other) { return order_of(one) < order_of(other); });
    bool reliable = true;
    std::vector<lane> now;
    for (std::size_t begin = 0; begin < seen_.size();) {
        std::size_t end = begin + 1;
        while (end < seen_.size() && same_lane(seen_[begin], seen_[end])) ++end;
        now.push_back(merged(begin, end, reliable));
        begin = end;
    }
    lanes_ = std::move(now);
    return reliable;
}

void queue_reader::look() {
    constexpr int looks_max = 8;
    look_again_ = false;
    looked_ = takes_;
    for (std::uint32_t i = 0; i < opened_.size(); ++i) opened_[i] = opened(i);
    for (int i = 0; i < looks_max; ++i) {
        const bool reliable = look_once();
        from_beginning_ = false;
        if (reliable) return;
    }
    look_again_ = true;  // pages come faster than we look; the next time
}

std::optional<claimed_record> queue_reader::take(stamp self) {
    std::optional<claimed_record> found{std::in_place};
    if (!take(self, found->record, found->sound)) found.reset();
    return found;
}

bool queue_reader::take(stamp self, taken_record& into, bool& sound) {
    if (!find(self, into)) return false;
    ++takes_;
    sound = sound_;
    return true;
}

bool queue_reader::sees_any() {
    taken_record none;
    return find(stamp{}, none);
}

bool queue_reader::find(stamp self, taken_record& into) {
    constexpr int tries = 8;
    for (int i = 0; i < tries; ++i) {
        follow_hints();
        const walk came_to = find_once(self, into);
        if (came_to != walk::changed) return came_to == walk::taken;
        look_again_ = true;
    }
    return false;
}

// By priority; where there is nothing of one, it may be in pages that we have not seen.
queue_reader::walk queue_reader::find_once(stamp self, taken_record& into) {
    const bool dead = which_ == lanes_of::dead_letters;
    const std::uint32_t last = dead ? dead_priority : in_.shape().priorities - 1;
    std::size_t begin = 0;
    for (std::uint32_t priority = dead ? dead_priority : 0; priority <= last; ++priority) {
        std::size_t end = begin;
        while (end < lanes_.size() && lanes_[end].priority == priority) ++end;
        const walk came_to = find_in(begin, end, self, into);
        if (came_to != walk::nothing) return came_to;
        if (opened(priority) != opened_[priority]) return walk::changed;
        begin = end;
    }
    return walk::nothing;
}

// Lanes of one priority, in turn.
queue_reader::walk queue_reader::find_in(std::size_t begin, std::size_t end, stamp self,
                                         taken_record& into) {
    const std::size_t count = end - begin;
    const std::size_t first = count <= 1 ? 0 : turn_ % count;
    for (std::size_t k = 0; k < count; ++k) {
        const std::size_t one = first + k < count ? first + k : first + k - count;
        const walk came_to = take_from(lanes_[begin + one], self, into);
        if (came_to == walk::nothing) continue;
        if (came_to == walk::taken && !self.nobody()) turn_ = one + 1;
        return came_to;
    }
    return walk::nothing;
}

queue_reader::walk queue_reader::take_from(lane& of, stamp self, taken_record& into) {
    // Each step passes a record, or ends.
    const std::uint64_t steps_max = (in_.shape().slots + 2ull) * (of.pages.size() + 1);
    for (std::uint64_t i = 0; i < steps_max && of.at < of.pages.size(); ++i) {
        const std::size_t at = of.at;
        const std::uint32_t slot = of.slot;
        const walk came_to = step(of, self, into);
        if (came_to != walk::nothing) return came_to;
        if (of.at == at && of.slot == slot) return walk::nothing;
    }
    return walk::nothing;
}

// C2: one record. `nothing` where the lane has nothing here, and then stays, or was passed over.
queue_reader::walk queue_reader::step(lane& of, stamp self, taken_record& into) {
    const seen_page& page = of.pages[of.at];
    if (of.slot == in_.shape().slots) {
        leave_page(of);
        return walk::nothing;
    }
    queue_slot& slot = in_.slot(page.page, of.slot);
    const slot_word word{slot.word.load(std::memory_order_acquire)};  // SYNC record
    if (word.tag() != page.word.tag()) return at_stranger(of, page);
    switch (word.state()) {
        case record_state::nothing: return at_end(of, self, into);
        case record_state::loaned:
        case record_state::staged:
        case record_state::copied: return walk::nothing;
        case record_state::delayed:
            // relaxed: published by the word, which has changed where this has
            if (!is_due(slot.due_ns.load(std::memory_order_relaxed))) break;
            [[fallthrough]];
        case record_state::ready:
            if (self.nobody()) return walk::taken;  // only to see
            if (claim(in_, page, of.slot, word, self, into, sound_)) return ++of.slot, walk::taken;
            break;  // somebody else has it
        case record_state::taken:
        case record_state::moving:
        case record_state::finished:
        case record_state::done: break;
        default: break;  // garbage: nobody's
    }
    ++of.slot;
    return walk::nothing;
}

// A word of another life of the page: then that has changed too; or somebody wrote garbage there.
queue_reader::walk queue_reader::at_stranger(lane& of, const seen_page& page) {
    const page_word now = in_.see_page(page.page);
    if (now.number() != page.word.number() || !now.is_walked()) return walk::changed;
    ++of.slot;
    return walk::nothing;
}

// Closed before its end was read: nothing came behind it.
queue_reader::walk queue_reader::at_end(lane& of, stamp self, taken_record& into) {
    const seen_page& page = of.pages[of.at];
    const page_word now = in_.see_page(page.page);
    if (now.number() != page.word.number() || !now.is_walked()) return walk::changed;
    if (now.may_grow()) return walk::nothing;
    const slot_word word{
        in_.slot(page.page, of.slot).word.load(std::memory_order_acquire)};  // SYNC record
    if (word.state() != record_state::nothing) return step(of, self, into);
    leave_page(of);
    return walk::nothing;
}

// G1, G2 for what is behind us; where we know of no page behind, we stay until a look finds one.
bool queue_reader::leave_page(lane& of) {
    if (of.at + 1 == of.pages.size()) return false;
    const std::uint32_t left = of.pages[of.at].page;
    ++of.at;
    of.slot = 0;
    const page_word word = in_.see_page(left);
    if (word.state() == page_state::closed && free_page(in_, {left, word})) ++freed_;
    return true;
}

bool queue_reader::is_due(std::uint64_t due_ns) {
    if (due_ns <= now_()) return true;
    if (next_due_ns_ == 0 || due_ns < next_due_ns_) next_due_ns_ = due_ns;
    return false;
}

}  // namespace signet::memory
