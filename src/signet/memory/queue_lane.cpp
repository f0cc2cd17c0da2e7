// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_lane.hpp>

#include <signet/base/crc32c.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace signet::memory {
namespace {

using shared_bytes = shared_word<std::uint64_t>;

shared_bytes* words_at(std::byte* where) {
    return reinterpret_cast<shared_bytes*>(where);
}

std::uint16_t flags_of(const record_facts& facts) {
    unsigned flags = 0;
    if (facts.expires_ns != 0) flags |= slot_has_expiry;
    if (facts.id) flags |= slot_has_id;
    if (!facts.reply_to.empty()) flags |= slot_has_reply;
    if (facts.reason) flags |= slot_is_dead;
    if (facts.identity != 0) flags |= slot_has_identity;
    return static_cast<std::uint16_t>(flags);
}

/// The extras, one behind the other, as they lie behind the payload.
class extras {
public:
    explicit extras(const record_facts& facts) noexcept {
        if (facts.expires_ns != 0) add(facts.expires_ns);
        if (facts.id) add(facts.id->bytes.data(), facts.id->bytes.size());
        if (!facts.reply_to.empty()) add(facts.reply_to, reply_to_bytes_max);
        if (facts.reason) {
            add(static_cast<std::uint64_t>(*facts.reason) | std::uint64_t{facts.former_priority}
                                                                << 32);
            add(facts.text, dead_text_bytes_max);
        }
        if (facts.identity != 0) add(facts.identity);
    }

    std::span<const std::byte> bytes() const noexcept { return {room_.data(), used_}; }

private:
    void add(std::uint64_t word) noexcept { add(&word, sizeof word); }
    void add(std::string_view text, std::size_t most) noexcept {
        const std::size_t bytes = std::min(text.size(), most);
        add(bytes);
        add(text.data(), bytes);
    }
    void add(const void* from, std::size_t bytes) noexcept {
        if (bytes != 0) std::memcpy(room_.data() + used_, from, bytes);
        used_ += up_to_word(bytes);
    }

    // No more than the longest of each.
    std::array<std::byte, 8 + 16 + 8 + reply_to_bytes_max + 16 + dead_text_bytes_max + 8> room_{};
    std::size_t used_ = 0;
};

std::uint64_t extras_bytes_of(const record_facts& facts) {
    return flags_of(facts) == 0 ? 0 : extras{facts}.bytes().size();
}

bool lies_inline(const queue_words& in, std::uint64_t bytes, const record_facts& facts) {
    return bytes <= inline_bytes_max && in.shape().payload_alignment <= word_bytes &&
           flags_of(facts) == 0;
}

/// Over all that a record says and that does not change. The products do not wait for each other.
std::uint32_t check_of(const queue_words& in, const seen_page& page, std::uint32_t slot,
                       std::uint32_t bytes, std::uint64_t pushed_ns, std::uint64_t where,
                       std::span<const std::byte> extra) {
    const std::uint64_t place = std::uint64_t{page.page} << 32 | slot;
    std::uint64_t sum = (in.shape().id ^ page.word.number()) * 0x9e3779b97f4a7c15;
    sum ^= std::rotl((place ^ where) * 0xc2b2ae3d27d4eb4f, 23);
    sum ^= std::rotl(pushed_ns * 0xff51afd7ed558ccd + bytes * 0xc4ceb9fe1a85ec53, 41);
    if (!extra.empty()) sum ^= std::uint64_t{crc32c(extra)} * 0x165667b19e3779f9;
    sum = (sum ^ sum >> 29) * 0x9e3779b97f4a7c15;
    return static_cast<std::uint32_t>(sum >> 32);
}

/// Takes extras apart; all is checked.
class extras_reader {
public:
    explicit extras_reader(std::span<const std::byte> from) noexcept : rest_{from} {}

    std::uint64_t word() noexcept {
        std::uint64_t value = 0;
        const std::span<const std::byte> bytes = take(sizeof value);
        if (sound_) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::string_view text() noexcept {
        const std::span<const std::byte> bytes = take(word());
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    message_id id() noexcept {
        message_id value;
        const std::span<const std::byte> bytes = take(value.bytes.size());
        if (sound_) std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
        return value;
    }
    bool ended_well() const noexcept { return sound_ && rest_.empty(); }

private:
    std::span<const std::byte> take(std::uint64_t bytes) noexcept {
        if (bytes > rest_.size() || up_to_word(bytes) > rest_.size()) sound_ = false;
        if (!sound_) return {};
        const std::span<const std::byte> taken = rest_.first(bytes);
        rest_ = rest_.subspan(up_to_word(bytes));
        return taken;
    }

    std::span<const std::byte> rest_;
    bool sound_ = true;
};

bool read_extras(std::span<const std::byte> from, unsigned flags, record_facts& into) {
    extras_reader read{from};
    if ((flags & slot_has_expiry) != 0) into.expires_ns = read.word();
    if ((flags & slot_has_id) != 0) into.id = read.id();
    if ((flags & slot_has_reply) != 0) into.reply_to = read.text();
    if ((flags & slot_is_dead) != 0) {
        const std::uint64_t why = read.word();
        into.reason = static_cast<dead_reason>(why & UINT32_MAX);
        into.former_priority = static_cast<std::uint32_t>(why >> 32);
        into.text = read.text();
    }
    if ((flags & slot_has_identity) != 0) into.identity = read.word();
    return read.ended_well();
}

}  // namespace

namespace {

/// Writes what a record says of its message, behind its payload and in its slot; not its word.
void describe_record(const queue_words& in, const reserved_record& record, std::uint64_t bytes,
                     const record_facts& facts) noexcept {
    queue_slot& slot = in.slot(record.page.page, record.place.slot);
    const std::uint16_t flags = record.inlined ? std::uint16_t{slot_is_inline} : flags_of(facts);
    std::uint64_t where = record.line | std::uint64_t{flags} << 32;
    std::span<const std::byte> behind;
    const auto length = static_cast<std::uint32_t>(bytes);
    std::uint32_t check = 0;
    if ((flags & ~slot_is_inline) == 0) {
        check = check_of(in, record.page, record.place.slot, length, facts.pushed_ns, where, {});
    } else {
        const extras more{facts};
        behind = more.bytes();
        copy_in(words_at(record.payload + up_to_word(bytes)), behind.data(), behind.size());
        where |= std::uint64_t{behind.size()} << 48;
        check =
            check_of(in, record.page, record.place.slot, length, facts.pushed_ns, where, behind);
    }
    // relaxed, all: published by the word
    slot.bytes_and_check.store(std::uint64_t{check} << 32 | length, std::memory_order_relaxed);
    slot.pushed_ns.store(facts.pushed_ns, std::memory_order_relaxed);
    slot.due_ns.store(facts.due_ns, std::memory_order_relaxed);
    slot.where.store(where, std::memory_order_relaxed);
}

/// The line behind the payload of a record that was described.
std::uint64_t line_behind(const queue_slot& slot) noexcept {
    // relaxed, both: published by the word
    const std::uint64_t where = slot.where.load(std::memory_order_relaxed);
    const std::uint64_t bytes = slot.bytes_and_check.load(std::memory_order_relaxed) & UINT32_MAX;
    if ((where >> 32 & slot_is_inline) != 0) return 0;
    return (where & UINT32_MAX) + up_to_line(up_to_word(bytes) + (where >> 48)) / line_bytes;
}

}  // namespace

bool read_record(const queue_words& in, const seen_page& page, std::uint32_t number,
                 queue_record& into) noexcept {
    into.facts = {};
    into.payload = {};
    queue_slot& slot = in.slot(page.page, number);
    // relaxed, all: they were published by the word
    const std::uint64_t bytes_and_check = slot.bytes_and_check.load(std::memory_order_relaxed);
    const std::uint64_t where = slot.where.load(std::memory_order_relaxed);
    into.facts.pushed_ns = slot.pushed_ns.load(std::memory_order_relaxed);
    into.facts.due_ns = slot.due_ns.load(std::memory_order_relaxed);
    into.facts.priority = page.word.priority();
    const auto bytes = static_cast<std::uint32_t>(bytes_and_check);
    const auto line = static_cast<std::uint32_t>(where);
    const auto flags = static_cast<std::uint16_t>(where >> 32);
    const auto extra = static_cast<std::uint16_t>(where >> 48);
    std::byte* begin = nullptr;
    std::span<const std::byte> behind;
    if (flags == slot_is_inline) {
        if (bytes > inline_bytes_max || extra != 0) return false;
        begin = reinterpret_cast<std::byte*>(slot.inlined);
    } else {
        const std::uint64_t all = up_to_word(bytes) + extra;
        if (bytes > in.shape().message_bytes_max || !lies_in_page(in, page, line, all))
            return false;
        begin = in.payload(page.page) + std::uint64_t{line} * line_bytes;
        behind = {begin + up_to_word(bytes), extra};
    }
    const std::uint32_t check =
        check_of(in, page, number, bytes, into.facts.pushed_ns, where, behind);
    if (check != bytes_and_check >> 32) return false;
    into.payload = {begin, bytes};
    into.facts.identity = page.word.number() << 20 | number;
    return extra == 0 || read_extras(behind, flags, into.facts);
}

// ---- appending ----------------------------------------------------------------------------------

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

std::uint64_t queue_lane::lines_of(std::uint64_t bytes, const record_facts& facts) const noexcept {
    if (lies_inline(in_, bytes, facts)) return 0;
    const std::uint64_t all = up_to_word(bytes) + extras_bytes_of(facts);
    return std::max<std::uint64_t>(up_to_line(all) / line_bytes, 1);
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
    if (has_free_pages(in_, pages)) return true;
    std::uint32_t freed = free_pages(in_, peers_.vacant);
    bool found = has_free_pages(in_, pages);
    if (!found && peers_.fence_all) {
        freed += end_idle_pages(in_, peers_.fence_all);
        found = has_free_pages(in_, pages);
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
        opened = open_pages(in_, seat_, priority_, pages);
    }
    misses_ = opened ? 0 : 1;
    missed_pages_ = pages;
    if (!opened) return false;
    page_ = opened;
    slot_ = 0;
    line_ = 0;
    return true;
}

bool queue_lane::make_room(std::uint64_t bytes, const record_facts& facts) {
    if (!resumed_) resume();
    const std::uint64_t lines = lines_of(bytes, facts);
    misses_ = 0;
    if (page_ && in_.see_page(page_->page) != page_->word) close();
    if (page_ && !fits(1)) close();
    return fits(lines) || find_room(pages_of(lines));
}

std::optional<reserved_record> queue_lane::reserve(std::uint64_t bytes, const record_facts& facts) {
    constexpr int tries = 64;  // each that fails ended a page in which nothing was
    if (!resumed_) resume();
    const std::uint64_t lines = lines_of(bytes, facts);
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
    stop_writing();
}

record_place queue_lane::keep(const reserved_record& record, std::uint64_t bytes,
                              const record_facts& facts, stamp owner) noexcept {
    describe_record(in_, record, bytes, facts);
    advance(record);
    const slot_word word{record.page.word.tag(), record_state::loaned, 0, owner};
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
    return change_record(in, place, as);
}

bool drop_loan(const queue_words& in, const record_place& place) noexcept {
    return change_record(in, place, record_state::done);
}

bool finish_record(const queue_words& in, const record_place& place, record_state as) noexcept {
    return change_record(in, place, as);
}

bool return_record(const queue_words& in, const record_place& place,
                   std::uint64_t due_ns) noexcept {
    // relaxed: published by the word
    in.slot(place.page, place.slot).due_ns.store(due_ns, std::memory_order_relaxed);
    return change_record(in, place, due_ns == 0 ? record_state::ready : record_state::delayed);
}

}  // namespace signet::memory
