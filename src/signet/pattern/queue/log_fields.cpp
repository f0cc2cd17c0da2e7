// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_fields.hpp>

#include <signet/base/time.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace signet::pattern {
namespace {

enum field_flag : std::uint8_t { is_due = 1, expires = 2, has_id = 4, is_dead = 8 };

struct fields_head {
    std::uint8_t flags = 0;
    std::uint8_t priority = 0;
    std::uint8_t former_priority = 0;
    std::uint8_t reason = 0;
    std::uint16_t reply_to_bytes = 0;
    std::uint16_t text_bytes = 0;
    std::uint64_t pushed = 0;
};
static_assert(sizeof(fields_head) == 16);

std::uint64_t shifted(std::uint64_t ns, std::chrono::nanoseconds by) {
    return ns + static_cast<std::uint64_t>(by.count());
}

// On the queue's clock; what was before it began is at its beginning.
std::uint64_t unshifted(std::uint64_t wall_ns, std::chrono::nanoseconds by) {
    const auto ns = static_cast<std::int64_t>(wall_ns - static_cast<std::uint64_t>(by.count()));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 1));
}

class field_reader {
public:
    explicit field_reader(std::span<const std::byte> left) : left_{left} {}

    template <class Value>
    void take(Value& value) {
        const std::span<const std::byte> bytes = cut(sizeof value);
        if (sound) std::memcpy(&value, bytes.data(), sizeof value);
    }

    std::string_view text(std::size_t count) {
        const std::span<const std::byte> bytes = cut(count);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

    bool at_end() const { return sound && left_.empty(); }

    bool sound = true;

private:
    std::span<const std::byte> cut(std::size_t count) {
        sound = sound && count <= left_.size();
        if (!sound) return {};
        const std::span<const std::byte> taken = left_.first(count);
        left_ = left_.subspan(count);
        return taken;
    }

    std::span<const std::byte> left_;
};

void append(std::vector<std::byte>& to, const void* from, std::size_t bytes) {
    const auto* const first = static_cast<const std::byte*>(from);
    to.insert(to.end(), first, first + bytes);
}

std::uint8_t flags_of(const memory::record_facts& facts) {
    unsigned flags = 0;
    if (facts.due_ns != 0) flags |= is_due;
    if (facts.expires_ns != 0) flags |= expires;
    if (facts.id) flags |= has_id;
    if (facts.reason) flags |= is_dead;
    return static_cast<std::uint8_t>(flags);
}

}  // namespace

std::chrono::nanoseconds wall_offset() {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return wall - std::chrono::nanoseconds{clock::now().time_since_epoch()};
}

std::size_t append_fields(std::vector<std::byte>& to, const memory::record_facts& facts,
                          std::chrono::nanoseconds offset) {
    const std::size_t before = to.size();
    const fields_head head{
        .flags = flags_of(facts),
        .priority = static_cast<std::uint8_t>(facts.priority),
        .former_priority = static_cast<std::uint8_t>(facts.former_priority),
        .reason = static_cast<std::uint8_t>(facts.reason ? *facts.reason : memory::dead_reason{}),
        .reply_to_bytes = static_cast<std::uint16_t>(facts.reply_to.size()),
        .text_bytes = static_cast<std::uint16_t>(facts.text.size()),
        .pushed = shifted(facts.pushed_ns, offset)};
    append(to, &head, sizeof head);
    for (const std::uint64_t ns : {facts.due_ns, facts.expires_ns}) {
        const std::uint64_t wall = shifted(ns, offset);
        if (ns != 0) append(to, &wall, sizeof wall);
    }
    if (facts.id) append(to, facts.id->bytes.data(), facts.id->bytes.size());
    append(to, facts.reply_to.data(), facts.reply_to.size());
    append(to, facts.text.data(), facts.text.size());
    return to.size() - before;
}

std::optional<memory::record_facts> read_fields(std::span<const std::byte> fields,
                                                std::chrono::nanoseconds offset,
                                                std::uint64_t now_ns) {
    field_reader read{fields};
    fields_head head;
    read.take(head);
    memory::record_facts facts;
    facts.priority = head.priority;
    facts.former_priority = head.former_priority;
    facts.pushed_ns = unshifted(head.pushed, offset);
    std::uint64_t wall = 0;
    if ((head.flags & is_due) != 0) {
        read.take(wall);
        facts.due_ns = unshifted(wall, offset);
        if (facts.due_ns <= now_ns) facts.due_ns = 0;
    }
    if ((head.flags & expires) != 0) {
        read.take(wall);
        facts.expires_ns = unshifted(wall, offset);
    }
    if ((head.flags & has_id) != 0) read.take(facts.id.emplace().bytes);
    if ((head.flags & is_dead) != 0) facts.reason = memory::dead_reason{head.reason};
    facts.reply_to = read.text(head.reply_to_bytes);
    facts.text = read.text(head.text_bytes);
    if (!read.at_end() || head.flags > 15) return std::nullopt;
    return facts;
}

}  // namespace signet::pattern
