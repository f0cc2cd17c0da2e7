// SPDX-License-Identifier: Apache-2.0
#include <signet/os/record_frame.hpp>

#include <signet/base/crc32c.hpp>
#include <signet/base/error.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

namespace signet::os {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class Value>
std::uint32_t sum(const Value& value, std::uint32_t before = 0) {
    return crc32c(std::as_bytes(std::span{&value, 1}), before);
}

std::uint32_t checksum_of(const record_file_header& header) {
    return sum(header.id, sum(header.version, sum(header.magic)));
}

std::uint32_t checksum_of(const record_frame& frame, std::uint64_t id, std::uint64_t position) {
    const std::uint32_t place = sum(position, sum(id));
    return sum(frame.payload_checksum, sum(frame.length, sum(frame.mark, place)));
}

template <class Value>
bool read_whole(const file& from, std::uint64_t position, Value& value) {
    return from.read_at(position, std::as_writable_bytes(std::span{&value, 1})) == sizeof value;
}

bool is_zero_from(const file& from, std::uint64_t position, std::uint64_t file_bytes) {
    std::array<std::byte, 4096> part;
    while (position < file_bytes) {
        const std::size_t bytes = from.read_at(position, part);
        const auto end = part.begin() + static_cast<std::ptrdiff_t>(bytes);
        if (std::any_of(part.begin(), end, [](std::byte b) { return b != std::byte{0}; }))
            return false;
        if (bytes < part.size()) return true;
        position += bytes;
    }
    return true;
}

// Whole where the checksum says so. Where it does not, the end of the file may have lost a part.
record_state judge_payload(const record_frame& frame, std::uint64_t bytes_behind,
                           std::span<const std::byte> payload) {
    if (crc32c(payload) == frame.payload_checksum) return record_state::whole;
    return bytes_behind == 0 ? record_state::torn : record_state::damaged;
}

[[noreturn]] void fail_other_kind(const file& from) {
    throw error{errc::peer_misbehaved, "read", from.path(),
                "it is not a record file, or its beginning is damaged"};
}

}  // namespace

record_file_header make_record_file_header(std::uint64_t id) {
    record_file_header header;
    header.id = id;
    header.checksum = checksum_of(header);
    return header;
}

std::optional<std::uint64_t> read_record_file_id(const file& from) {
    record_file_header header;
    if (!read_whole(from, 0, header)) return std::nullopt;
    if (header.magic != record_file_magic || header.checksum != checksum_of(header)) {
        fail_other_kind(from);
    }
    if (header.version == record_file_version) return header.id;
    throw error{errc::incompatible_version, "read", from.path(),
                "its records are of version " + std::to_string(header.version)};
}

void check_record_file_begun(const file& from) {
    std::array<std::byte, sizeof record_file_magic> there{};
    const std::size_t bytes = from.read_at(0, there);
    if (std::memcmp(there.data(), &record_file_magic, bytes) != 0) fail_other_kind(from);
}

void make_record(std::vector<std::byte>& to, std::uint64_t id, std::uint64_t position,
                 std::span<const std::byte> payload) {
    record_frame frame;
    frame.length = static_cast<std::uint32_t>(payload.size());
    frame.payload_checksum = crc32c(payload);
    frame.frame_checksum = checksum_of(frame, id, position);
    const auto head = std::as_bytes(std::span{&frame, 1});
    to.assign(head.begin(), head.end());
    to.insert(to.end(), payload.begin(), payload.end());
}

record_reading read_record(const file& from, std::uint64_t id, std::uint64_t position,
                           std::uint64_t file_bytes, std::vector<std::byte>& payload) {
    if (position == file_bytes) return {record_state::end};
    const std::uint64_t bytes = file_bytes - position;
    record_frame frame;
    if (bytes < sizeof frame || !read_whole(from, position, frame)) return {record_state::torn};
    const bool ours = frame.mark == record_mark && frame.length <= record_bytes_max &&
                      frame.frame_checksum == checksum_of(frame, id, position);
    if (!ours) {
        const bool zeros = is_zero_from(from, position, file_bytes);
        return {zeros ? record_state::torn : record_state::damaged};
    }
    if (frame.length > bytes - sizeof frame) return {record_state::torn};
    payload.resize(frame.length);
    const std::uint64_t next = position + sizeof frame + frame.length;
    // shorter by now: somebody cut it
    const bool there = from.read_at(position + sizeof frame, payload) == payload.size();
    if (!there) return {record_state::torn};
    return {judge_payload(frame, file_bytes - next, payload), next};
}

}  // namespace signet::os
