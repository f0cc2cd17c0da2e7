// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_format.hpp>

#include <signet/base/crc32c.hpp>

#include <bit>
#include <cstring>

namespace signet::pattern {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t entry_step = 8;

template <class Value>
std::span<const std::byte> bytes_of(const Value& value) {
    return std::as_bytes(std::span{&value, 1});
}

std::uint32_t check_of(const segment_header& header) {
    segment_header plain = header;
    plain.check = 0;
    return crc32c(bytes_of(plain));
}

std::uint32_t check_of(const group_head& head) {
    return crc32c(bytes_of(head).first(offsetof(group_head, head_check)));
}

std::uint32_t check_of(const entry_head& head, std::uint64_t segment_id, std::uint64_t position) {
    const std::uint32_t place = crc32c(bytes_of(position), crc32c(bytes_of(segment_id)));
    return crc32c(bytes_of(head).first(offsetof(entry_head, head_check)), place);
}

void append(os::direct_buffer& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void append_entry(os::direct_buffer& to, const group_place& place, const log_entry& entry) {
    entry_head head{.kind = static_cast<std::uint16_t>(entry.kind),
                    .fields_bytes = static_cast<std::uint16_t>(entry.fields.size()),
                    .payload_bytes = static_cast<std::uint32_t>(entry.payload.size()),
                    .identity = entry.identity};
    head.head_check = check_of(head, place.segment_id, place.position + to.size());
    const std::size_t at = to.size();
    append(to, bytes_of(head));
    append(to, entry.fields);
    append(to, entry.payload);
    // Of the copy: somebody's mistake may change what it was made of meanwhile.
    head.body_check = crc32c(std::span{to}.subspan(at + sizeof head));
    std::memcpy(to.data() + at, &head, sizeof head);
    to.resize(log_round_up(to.size(), entry_step));
}

}  // namespace

std::uint64_t log_entry::bytes() const noexcept {
    return log_round_up(sizeof(entry_head) + fields.size() + payload.size(), entry_step);
}

void seal(segment_header& header) noexcept {
    header.check = check_of(header);
}

header_state judge(const segment_header& header) noexcept {
    if (header.magic != log_magic || header.check != check_of(header)) return header_state::damaged;
    if (header.version > log_version) return header_state::of_the_future;
    const bool sized = header.bytes >= log_block_bytes && header.bytes <= segment_bytes_max;
    const bool known = header.version == log_version && header.number > 0;
    return sized && known ? header_state::sound : header_state::damaged;
}

std::uint64_t group_bytes(std::span<const log_entry> entries) noexcept {
    std::uint64_t bytes = sizeof(group_head);
    for (const log_entry& entry : entries) bytes += entry.bytes();
    return log_round_up(bytes, log_block_bytes);
}

void make_group(os::direct_buffer& to, const group_place& place, std::uint64_t tickets,
                std::span<const log_entry> entries) {
    to.clear();
    to.resize(sizeof(group_head));
    for (const log_entry& entry : entries) append_entry(to, place, entry);
    group_head head{.entries = static_cast<std::uint32_t>(entries.size()),
                    .bytes = to.size(),
                    .segment = place.segment_id,
                    .position = place.position,
                    .tickets = tickets};
    head.body_check = crc32c(std::span{to}.subspan(sizeof head));
    head.head_check = check_of(head);
    std::memcpy(to.data(), &head, sizeof head);
    to.resize(log_round_up(to.size(), log_block_bytes));
}

bool is_sound(const group_head& head, const group_place& place,
              std::uint64_t segment_bytes) noexcept {
    if (head.magic != group_magic || head.head_check != check_of(head)) return false;
    if (head.segment != place.segment_id || head.position != place.position) return false;
    const std::uint64_t least = sizeof head + std::uint64_t{head.entries} * sizeof(entry_head);
    return head.position < segment_bytes && head.bytes <= segment_bytes - head.position &&
           head.bytes >= least;
}

std::optional<log_entry> entry_at(std::span<const std::byte> bytes, std::uint64_t offset,
                                  const group_place& place) noexcept {
    entry_head head;
    if (offset > bytes.size() || bytes.size() - offset < sizeof head) return std::nullopt;
    std::memcpy(&head, bytes.data() + offset, sizeof head);
    if (head.head_check != check_of(head, place.segment_id, place.position + offset)) return {};
    if (head.kind < 1 || head.kind > 2) return std::nullopt;
    const std::span<const std::byte> rest = bytes.subspan(offset + sizeof head);
    const std::uint64_t body = std::uint64_t{head.fields_bytes} + head.payload_bytes;
    if (body > rest.size() || crc32c(rest.first(body)) != head.body_check) return std::nullopt;
    return log_entry{entry_kind{head.kind}, head.identity, rest.first(head.fields_bytes),
                     rest.subspan(head.fields_bytes, head.payload_bytes)};
}

bool take_group(std::span<const std::byte> group, const group_place& place,
                std::vector<log_entry>& entries) {
    entries.clear();
    group_head head;
    std::memcpy(&head, group.data(), sizeof head);
    if (crc32c(group.subspan(sizeof head)) != head.body_check) return false;
    std::uint64_t offset = sizeof head;
    for (std::uint32_t i = 0; i < head.entries; ++i) {
        const std::optional<log_entry> entry = entry_at(group, offset, place);
        if (!entry) return false;
        entries.push_back(*entry);
        offset += entry->bytes();
    }
    return offset == group.size();
}

}  // namespace signet::pattern
