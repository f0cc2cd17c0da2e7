// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_lane.hpp>

#include <signet/memory/queue_touched.hpp>

#include <algorithm>

namespace signet::memory {

// J2 and J3. All open pages but the last one are closed; in that one we go on where it ends.
void queue_lane::resume() {
    page_.reset();
    std::vector<seen_page> all;
    list_pages(in_, all);
    for (const seen_page& one : all) {
        const bool ours =
            one.word.may_grow() && one.word.seat() == seat_ && one.word.priority() == priority_;
        if (!ours) continue;
        if (page_ && page_->word.number() > one.word.number()) {
            const seen_page last = *page_;
            page_ = one;
            close();
            page_ = last;
        } else {
            close();
            page_ = one;
        }
    }
    if (page_) go_on();
    resumed_ = true;
}

// J3. Fails where somebody has just freed the page, which was nobody's until now, or ends it.
void queue_lane::go_on() {
    const page_word sat = page_->word;
    if (sat.sitting() == page_word::sitting_max || sat.state() != page_state::open) return close();
    std::uint64_t word = sat.bits();
    const std::uint64_t ours = sat.sat_down().bits();
    // SYNC page
    if (!in_.page(page_->page).compare_exchange(word, ours, std::memory_order_seq_cst))
        return close();
    page_->word = sat.sat_down();
    slot_ = 0;
    line_ = 0;
    for (; slot_ < in_.shape().slots; ++slot_) {
        const queue_slot& slot = in_.slot(page_->page, slot_);
        const slot_word at{slot.word.load(std::memory_order_acquire)};  // SYNC record
        if (at.tag() != page_->word.tag()) return close();  // garbage: the end is `nothing`
        if (at.state() == record_state::nothing) return;
        queue_record before;
        if (!read_record(in_, *page_, slot_, before)) return close();
        line_ = std::max(line_, line_behind(slot));
    }
}

void queue_lane::close() noexcept {
    if (!page_) return;
    const std::uint64_t closed = page_->word.as(page_state::closed).bits();
    // Fails twice only where it is not ours any more.
    for (const page_state from : {page_state::open, page_state::ending}) {
        std::uint64_t word = page_->word.as(from).bits();
        // SYNC page
        if (in_.page(page_->page).compare_exchange(word, closed, std::memory_order_seq_cst)) break;
    }
    page_.reset();
}

// P1: it is said where we write, and then looked at whether somebody ends that page. Whoever does
// says that first, makes us fence, and looks then.
bool queue_lane::begin_to_write() noexcept {
    // relaxed: ordered by the fence
    in_.pusher(seat_).writing.store(page_->page + 1, std::memory_order_relaxed);
    if (peers_.fences_itself) {
        fence(std::memory_order_seq_cst);  // SYNC pusher
    } else {
        compiler_fence();
    }
    if (in_.see_page(page_->page) == page_->word) return true;
    stop_writing();
    close();
    return false;
}

void queue_lane::stop_writing() noexcept {
    in_.pusher(seat_).writing.store(0, std::memory_order_release);  // SYNC pusher
}

std::uint32_t queue_lane::pages_of(std::uint64_t lines) const noexcept {
    const std::uint64_t page_lines = in_.shape().page_lines();
    const std::uint64_t pages = std::max<std::uint64_t>((lines + page_lines - 1) / page_lines, 1);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(pages, UINT32_MAX));
}

bool queue_lane::fits(std::uint64_t lines) const noexcept {
    return page_ && slot_ < in_.shape().slots &&
           (lines == 0 || line_ + lines <= in_.shape().page_lines());
}

// Who pushes again and again where there is no room is not to hold up those who make some. What is
// shorter may fit all the same.
bool queue_lane::is_hopeless(std::uint32_t pages) noexcept {
    constexpr std::uint32_t misses_before_look = 64;
    if (misses_ == 0 || pages < missed_pages_) return false;
    const std::uint32_t freed = in_.header().freed.load(std::memory_order_acquire);  // SYNC freed
    if (freed != freed_ || misses_ >= misses_before_look) return false;
    ++misses_;
    return true;
}

// From what costs least. Who sleeps for room may be content with what is too little here.
bool queue_lane::find_room(std::uint32_t pages) {
    const auto are_free = [&] { return has_free_pages(in_, pages, peers_.spare); };
    if (are_free()) return true;
    std::uint32_t freed = free_pages(in_, peers_.vacant);
    bool found = are_free();
    if (!found && peers_.fence_all) {
        freed += end_idle_pages(in_, peers_.fence_all);
        found = are_free();
    }
    if (freed > (found ? pages : 0) && peers_.tell_of_room) peers_.tell_of_room();
    return found;
}

// O1. The page that is open stays where there is no other one, as something shorter may fit.
bool queue_lane::open_for(std::uint64_t lines) {
    const std::uint32_t pages = pages_of(lines);
    if (page_ && !fits(1)) close();
    if (is_hopeless(pages)) return false;
    freed_ = in_.header().freed.load(std::memory_order_acquire);  // SYNC freed
    std::optional<seen_page> opened;
    if (find_room(pages)) {
        close();
        opened = open_pages(in_, seat_, priority_, pages, peers_.spare);
    }
    misses_ = opened ? 0 : 1;
    missed_pages_ = pages;
    if (opened) begin_page(*opened);
    return opened.has_value();
}

void queue_lane::begin_page(const seen_page& opened) noexcept {
    page_ = opened;
    slot_ = 0;
    line_ = 0;
}

page_room queue_lane::room() {
    if (!resumed_) resume();
    if (page_ && in_.see_page(page_->page) != page_->word) close();
    if (!fits(0)) return {};
    const std::uint64_t lines = in_.shape().page_lines();
    return {in_.shape().slots - slot_, lines - std::min(line_, lines)};
}

bool queue_lane::open_spare() {
    if (!resumed_) resume();
    if (!has_free_pages(in_, 1)) return false;
    close();
    const auto opened = open_pages(in_, seat_, priority_, 1);
    if (opened) begin_page(*opened);
    return opened.has_value();
}

std::optional<reserved_record> queue_lane::reserve_here(std::uint64_t bytes,
                                                        const record_facts& facts) {
    const std::uint64_t lines = lines_of_record(in_, bytes, facts);
    if (!fits(lines) || !begin_to_write()) return std::nullopt;
    return place_of(lines);
}

bool queue_lane::make_room(std::uint64_t bytes, const record_facts& facts) {
    if (!resumed_) resume();
    const std::uint64_t lines = lines_of_record(in_, bytes, facts);
    misses_ = 0;
    if (page_ && in_.see_page(page_->page) != page_->word) close();
    if (page_ && !fits(1)) close();
    return fits(lines) || find_room(pages_of(lines));
}

std::optional<reserved_record> queue_lane::reserve(std::uint64_t bytes, const record_facts& facts) {
    constexpr int tries = 64;  // each that fails ended a page in which nothing was
    if (!resumed_) resume();
    const std::uint64_t lines = lines_of_record(in_, bytes, facts);
    for (int i = 0; i < tries; ++i) {
        if (!fits(lines) && !open_for(lines)) return std::nullopt;
        if (begin_to_write()) return place_of(lines);
    }
    return std::nullopt;
}

reserved_record queue_lane::place_of(std::uint64_t lines) const noexcept {
    const bool inlined = lines == 0;
    reserved_record record{{page_->page, slot_, 0}, *page_, nullptr, 0, lines, inlined};
    if (inlined) {
        record.payload = reinterpret_cast<std::byte*>(in_.slot(page_->page, slot_).inlined);
    } else {
        record.line = line_;
        record.payload = in_.payload(page_->page) + line_ * line_bytes;
    }
    return record;
}

// P3: nothing behind it, before it can be seen.
void queue_lane::advance(const reserved_record& record) noexcept {
    slot_ = record.place.slot + 1;
    line_ += record.lines;
    if (slot_ == in_.shape().slots) return;
    queue_slot& next = in_.slot(record.page.page, slot_);
    // relaxed: published with the record before it
    next.word.store(slot_word{record.page.word.tag(), record_state::nothing}.bits(),
                    std::memory_order_relaxed);
    prefetch_to_write(&next + 1);
    prefetch_to_write(in_.payload(record.page.page) + (line_ + record.lines) * line_bytes);
}

void queue_lane::publish(const reserved_record& record, std::uint64_t bytes,
                         const record_facts& facts, record_state as) noexcept {
    describe_record(in_, record, bytes, facts);
    advance(record);
    const slot_word word{record.page.word.tag(), as};
    // P4. seq_cst: who sleeps for it sees it, or we see who sleeps. SYNC record, SYNC doze
    in_.slot(record.page.page, record.place.slot)
        .word.exchange(word.bits(), std::memory_order_seq_cst);
    if (as == record_state::staged) touch(in_, record.page.page, as);
    stop_writing();
}

record_place queue_lane::keep(const reserved_record& record, std::uint64_t bytes,
                              const record_facts& facts, stamp owner, record_state as) noexcept {
    describe_record(in_, record, bytes, facts);
    advance(record);
    const slot_word word{record.page.word.tag(), as, facts.deliveries, owner};
    // SYNC record, SYNC stamp
    in_.slot(record.page.page, record.place.slot)
        .word.store(word.bits(), std::memory_order_release);
    stop_writing();
    return {record.place.page, record.place.slot, word.bits()};
}

namespace {

bool change_record(const queue_words& in, const record_place& place, record_state as) noexcept {
    std::uint64_t seen = place.word;
    // seq_cst: who sleeps for it sees it, or we see who sleeps; who looks for room sees it, or we
    // see that it closed the page. SYNC record, SYNC doze
    return in.slot(place.page, place.slot)
        .word.compare_exchange(seen, slot_word{seen}.as(as).bits(), std::memory_order_seq_cst);
}

}  // namespace

bool publish_loan(const queue_words& in, const record_place& place, record_state as) noexcept {
    const bool done = change_record(in, place, as);
    if (done && as == record_state::staged) touch(in, place.page, as);
    return done;
}

bool drop_loan(const queue_words& in, const record_place& place) noexcept {
    return change_record(in, place, record_state::done);
}

bool finish_record(const queue_words& in, const record_place& place, record_state as) noexcept {
    const bool done = change_record(in, place, as);
    if (done && as == record_state::finished) touch(in, place.page, as);
    return done;
}

bool return_record(const queue_words& in, const record_place& place,
                   std::uint64_t due_ns) noexcept {
    // relaxed: published by the word
    in.slot(place.page, place.slot).due_ns.store(due_ns, std::memory_order_relaxed);
    return change_record(in, place, due_ns == 0 ? record_state::ready : record_state::delayed);
}

}  // namespace signet::memory
