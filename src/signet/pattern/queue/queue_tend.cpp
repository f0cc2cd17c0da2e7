// SPDX-License-Identifier: Apache-2.0
// What is done with all records of a queue at once: counting, showing, purging, redriving; and what
// its durable half needs.
#include <signet/pattern/queue/queue_core.hpp>

#include <signet/pattern/queue/queue_parts.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace signet::pattern {
namespace {

using memory::dead_priority;
using memory::queue_record;
using memory::queue_words;
using memory::record_facts;
using memory::record_state;
using memory::seen_page;
using memory::slot_word;

bool may_be_taken(record_state state) {
    return state == record_state::ready || state == record_state::delayed;
}

bool is_there(record_state state) {
    return may_be_taken(state) || state == record_state::taken || state == record_state::moving;
}

bool is_delayed(record_state state) {
    return state == record_state::delayed || state == record_state::moving;
}

clock::time_point time_of(std::uint64_t ns) {
    return clock::time_point{std::chrono::nanoseconds{static_cast<std::int64_t>(ns)}};
}

void copy_text(std::string& into, std::string_view from) {
    into.assign(from.begin(), from.end());
}

/// A copy of a record that somebody may finish meanwhile; no value where that happened.
std::optional<peeked_message> copy_of(const queue_words& words, const seen_page& page,
                                      std::uint32_t slot, slot_word word) {
    queue_record found;
    if (!memory::read_record(words, page, slot, found)) return std::nullopt;
    peeked_message copy;
    copy.payload.resize(found.payload.size());
    memory::copy_out(
        copy.payload.data(),
        reinterpret_cast<const memory::shared_word<std::uint64_t>*>(found.payload.data()),
        found.payload.size());
    const bool dead = found.facts.reason.has_value();
    copy.priority = dead ? found.facts.former_priority : found.facts.priority;
    copy.deliveries = word.deliveries();
    copy.pushed = time_of(found.facts.pushed_ns);
    copy.id = found.facts.id;
    copy_text(copy.reply_to, found.facts.reply_to);
    copy.held = word.state() == record_state::taken;
    copy.delayed = is_delayed(word.state());
    copy.reason = found.facts.reason;
    copy_text(copy.text, found.facts.text);
    memory::fence(std::memory_order_acquire);  // SYNC record
    // relaxed: ordered by the fence
    const slot_word now{words.slot(page.page, slot).word.load(std::memory_order_relaxed)};
    if (now.tag() != word.tag() || !is_there(now.state())) return std::nullopt;
    return copy;
}

std::vector<peeked_message> peek_lanes(const queue_words& words, std::size_t count_max, bool dead) {
    std::vector<peeked_message> all;
    memory::for_each_record(words, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
        const bool wanted = (page.word.priority() == dead_priority) == dead;
        if (!wanted || all.size() >= count_max || !is_there(word.state())) return;
        if (auto copy = copy_of(words, page, slot, word)) all.push_back(std::move(*copy));
    });
    return all;
}

}  // namespace

std::vector<peeked_message> queue_core::peek(std::size_t count_max) {
    parts_->check_process();
    return peek_lanes(parts_->words, count_max, false);
}

std::vector<peeked_message> queue_core::peek_dead_letters(std::size_t count_max) {
    parts_->check_process();
    return peek_lanes(parts_->words, count_max, true);
}

// ---- all at once --------------------------------------------------------------------------------

std::uint64_t queue_core::parts::purge(bool dead) {
    check_process();
    std::uint64_t gone = 0;
    bool freed = false;
    memory::for_each_record(words, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
        if ((page.word.priority() == dead_priority) != dead || !may_be_taken(word.state())) return;
        const memory::record_place found{page.page, slot, word.bits()};
        if (!memory::finish_record(words, found, acknowledged_as())) return;
        ++gone;
        freed |= memory::free_behind(words, found);
    });
    if (freed) ring_all_room();
    return gone;
}

std::uint64_t queue_core::purge() {
    const std::uint64_t gone = parts_->purge(false);
    if (gone != 0) parts_->tell_finished(*this);
    return gone;
}

std::uint64_t queue_core::purge_dead_letters() {
    const std::uint64_t gone = parts_->purge(true);
    if (gone != 0) parts_->tell_finished(*this);
    return gone;
}

// A copy first: who dies between them leaves both.
bool queue_core::redrive_one() {
    parts& my = *parts_;
    std::optional<memory::claimed_record> claimed;
    bool freed = false;
    {
        const std::lock_guard turn{my.popping};
        claimed = my.dead_reader.take(my.self);
        freed = my.dead_reader.freed() != 0;
    }
    if (freed) my.ring_room();
    if (!claimed) return false;
    record_facts facts = claimed->sound ? claimed->record.facts : record_facts{};
    facts.priority = std::min(facts.former_priority, my.shape.priorities - 1);
    facts.former_priority = 0;
    facts.reason.reset();
    facts.text = {};
    facts.due_ns = 0;
    facts.identity = 0;
    bool there = false;
    try {
        there = my.put_in_turn(claimed->record.payload, facts);
        if (there) my.ring_work();
        if (there) my.commit(*this);
    } catch (...) {
        my.put_back(claimed->record.place, 0);
        throw;
    }
    if (!there) return my.put_back(claimed->record.place, 0), false;
    my.finish(claimed->record.place);
    my.tell_finished(*this);
    return true;
}

// As many as there are now: what fails at once is a dead letter again before we come to an end.
std::uint64_t queue_core::redrive(std::uint64_t count_max) {
    parts_->check_process();
    std::uint64_t there = 0;
    memory::for_each_record(
        parts_->words, [&](const seen_page& page, std::uint32_t, slot_word word) {
            if (page.word.priority() == dead_priority && may_be_taken(word.state())) ++there;
        });
    count_max = std::min(count_max, there);
    std::uint64_t done = 0;
    while (done < count_max && redrive_one()) ++done;
    return done;
}

// What has expired is judged as who pops it would; where that takes no place for a dead letter it
// makes room.
bool queue_core::finish_expired() {
    parts& my = *parts_;
    const std::uint64_t now_ns = queue_now();
    std::vector<memory::claimed_record> claimed;
    memory::for_each_record(
        my.words, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
            queue_record found;
            if (page.word.priority() == dead_priority || !may_be_taken(word.state())) return;
            if (!memory::read_record(my.words, page, slot, found)) return;
            if (found.facts.expires_ns == 0 || found.facts.expires_ns > now_ns) return;
            if (auto one = memory::claim_record(my.words, page, slot, word, my.self))
                claimed.push_back(*one);
        });
    for (const memory::claimed_record& one : claimed) {
        if (is_delivered(one.record, one.sound)) my.put_back(one.record.place, 0);
    }
    return !claimed.empty();
}

// Whoever took it sits in its seat until it has been given back, by that one or after its death.
void queue_core::parts::take_back_orphans() {
    const auto seats = region->seats().seats();
    bool found = false;
    const auto sits = [&](memory::stamp who) {
        if (who.nobody() || who.seat() >= seats.size()) return false;
        // SYNC seat
        const std::uint32_t word = seats[who.seat()].word.load(std::memory_order_acquire);
        return !memory::is_free(word) && memory::seat_generation(word) == who.generation();
    };
    memory::for_each_record(words, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
        const bool taken = word.state() == record_state::taken;
        const bool moved =
            word.state() == record_state::moving || word.state() == record_state::copied;
        if ((!taken && !moved) || sits(word.owner())) return;
        const record_state back = taken ? record_state::ready : record_state::delayed;
        found |= memory::finish_record(words, {page.page, slot, word.bits()}, back);
    });
    // SYNC looks
    if (found) words.header().returned.fetch_add(1, std::memory_order_release);
}

namespace {

void add_holder(std::vector<message_holder>& all, const sync::region_core& region,
                memory::stamp owner) {
    const auto known = std::find_if(all.begin(), all.end(), [&](const message_holder& one) {
        return one.seat == owner.seat();
    });
    if (known != all.end()) {
        ++known->messages;
    } else {
        const life::seat_holder who = region.seats().holder(owner);
        all.push_back({owner.seat(), who.pid, who.command, 1});
    }
}

}  // namespace

queue_account queue_core::account() const {
    const parts& my = *parts_;
    my.check_process();
    queue_account all;
    std::uint64_t oldest_ns = 0;
    memory::for_each_record(
        my.words, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
            if (page.word.priority() == dead_priority) {
                if (is_there(word.state())) ++all.dead_letters;
            } else if (word.state() == record_state::taken) {
                ++all.in_flight;
                add_holder(all.holders, *my.region, word.owner());
            } else if (is_delayed(word.state())) {
                ++all.delayed;
            } else if (word.state() == record_state::ready) {
                ++all.length;
                // relaxed: it was published by the word
                const std::uint64_t pushed =
                    my.words.slot(page.page, slot).pushed_ns.load(std::memory_order_relaxed);
                if (oldest_ns == 0 || pushed < oldest_ns) oldest_ns = pushed;
            }
        });
    if (oldest_ns != 0) all.oldest = time_of(oldest_ns);
    const memory::queue_header& header = my.words.header();
    // relaxed, all: counts for people
    all.expired = header.expired.load(std::memory_order_relaxed);
    all.duplicates = header.duplicates.load(std::memory_order_relaxed);
    all.ids_forgotten = header.forgotten.load(std::memory_order_relaxed);
    all.damaged = header.damaged.load(std::memory_order_relaxed);
    all.pages = my.words.shape().pages;
    for (std::uint32_t page = 0; page < my.words.shape().pages; ++page) {
        // relaxed: a look
        const memory::page_word word{my.words.page(page).load(std::memory_order_relaxed)};
        if (word.state() == memory::page_state::free) ++all.pages_free;
    }
    all.bytes = my.shape.bytes;
    return all;
}

// ---- for who makes it durable -------------------------------------------------------------------

void queue_core::for_each_unsettled(bool all, const std::function<void(const unsettled&)>& look) {
    parts& my = *parts_;
    my.check_process();
    my.settling.for_each(all, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
        unsettled one{{}, word.state() == record_state::finished};
        one.record.place = {page.page, slot, word.bits()};
        if (memory::read_record(my.words, page, slot, one.record)) look(one);
    });
}

bool queue_core::may_be_unsettled() const noexcept {
    return memory::is_touched(parts_->words);
}

// What nobody may have said: its pusher died.
void queue_core::find_unsettled() {
    const memory::queue_words& words = parts_->words;
    memory::for_each_record(words, [&](const seen_page& page, std::uint32_t, slot_word word) {
        const record_state state = word.state();
        if (state == record_state::staged || state == record_state::finished)
            memory::touch(words, page.page, state);
    });
}

void queue_core::settle(const memory::record_place& place) noexcept {
    const parts& my = *parts_;
    const slot_word word{place.word};
    if (word.state() == record_state::finished) {
        if (memory::finish_record(my.words, place, record_state::done))
            memory::free_behind(my.words, place);
        return;
    }
    // relaxed: it was published by the word
    const bool delayed =
        my.words.slot(place.page, place.slot).due_ns.load(std::memory_order_relaxed) != 0;
    memory::publish_loan(my.words, place, delayed ? record_state::delayed : record_state::ready);
}

void queue_core::ring_settled() noexcept {
    parts_->ring_all_work();
    parts_->ring_all_room();
}

bool queue_core::restore(const memory::record_facts& facts, std::span<const std::byte> payload) {
    parts& my = *parts_;
    my.check_process();
    if (facts.id) queue_ids::sure(my.ids.begin(*facts.id, facts.pushed_ns));
    const std::lock_guard turn{my.pushing};
    memory::queue_lane& lane = my.lane(facts.reason ? dead_priority : facts.priority);
    const bool there = my.put(lane, payload, facts,
                              facts.due_ns == 0 ? record_state::ready : record_state::delayed);
    if (there) my.ring_work();
    return there;
}

std::uint64_t queue_core::tickets() const noexcept {
    // relaxed: a number
    return parts_->words.header().tickets.load(std::memory_order_relaxed);
}

void queue_core::skip_tickets(std::uint64_t least) noexcept {
    auto& tickets = parts_->words.header().tickets;
    std::uint64_t seen = tickets.load(std::memory_order_relaxed);  // relaxed: as in `tickets()`
    // relaxed: likewise
    while (seen < least && !tickets.compare_exchange(seen, least, std::memory_order_relaxed)) {
    }
}

}  // namespace signet::pattern
