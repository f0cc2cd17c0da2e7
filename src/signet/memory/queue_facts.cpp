// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_facts.hpp>

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

std::uint64_t lines_of_record(const queue_words& in, std::uint64_t bytes,
                              const record_facts& facts) noexcept {
    if (lies_inline(in, bytes, facts)) return 0;
    const std::uint64_t all = up_to_word(bytes) + extras_bytes_of(facts);
    return std::max<std::uint64_t>(up_to_line(all) / line_bytes, 1);
}

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

std::uint64_t line_behind(const queue_slot& slot) noexcept {
    // relaxed, both: published by the word
    const std::uint64_t where = slot.where.load(std::memory_order_relaxed);
    const std::uint64_t bytes = slot.bytes_and_check.load(std::memory_order_relaxed) & UINT32_MAX;
    if ((where >> 32 & slot_is_inline) != 0) return 0;
    return (where & UINT32_MAX) + up_to_line(up_to_word(bytes) + (where >> 48)) / line_bytes;
}

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

}  // namespace signet::memory
