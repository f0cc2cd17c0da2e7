// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_segment.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <charconv>

namespace signet::pattern {
namespace {

constexpr std::string_view name_begin = "log.";
constexpr std::size_t name_digits = 8;
constexpr std::size_t fill_step = std::size_t{1} << 20;

void write_zeros(const os::file& to, std::uint64_t bytes) {
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(fill_step, bytes));
    for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
        to.write_at(at, std::span{zeros}.first(std::min<std::uint64_t>(zeros.size(), bytes - at)));
    }
}

}  // namespace

std::string log_segment::name_of(std::uint64_t number) {
    std::string digits = std::to_string(number);
    if (digits.size() < name_digits) digits.insert(0, name_digits - digits.size(), '0');
    return std::string{name_begin} + digits;
}

std::optional<std::uint64_t> log_segment::number_of(std::string_view name) noexcept {
    if (!name.starts_with(name_begin)) return std::nullopt;
    name.remove_prefix(name_begin.size());
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool digits_only = failure == std::errc{} && end == name.data() + name.size();
    if (!digits_only || name.size() < name_digits || number == 0) return std::nullopt;
    return number;
}

log_segment log_segment::create(const os::directory& in, segment_header header,
                                std::span<const std::byte> first_group) {
    seal(header);
    const os::file_place place{in, name_of(header.number)};
    // Zeros are written, not only reserved: a group must not need a change of the file system's
    // own records to be on the disk.
    const auto fill = [&](const os::file& fresh) {
        write_zeros(fresh, header.bytes);
        fresh.write_at(0, std::as_bytes(std::span{&header, 1}));
        fresh.write_at(log_block_bytes, first_group);
        fresh.sync();
    };
    os::file made = os::file::create_sized(place, header.bytes, os::file::private_mode, fill);
    os::sync_name(place);
    return {std::move(made), header};
}

std::optional<log_segment> log_segment::try_open(const os::directory& in, std::uint64_t number,
                                                 os::file_access access) {
    std::optional<os::file> met = os::file::try_open({in, name_of(number)}, access);
    if (!met) return std::nullopt;
    segment_header header{};
    header.magic = 0;
    met->read_at(0, std::as_writable_bytes(std::span{&header, 1}));
    return log_segment{std::move(*met), header};
}

void log_segment::write(std::uint64_t position, const os::direct_buffer& group) {
    if (!asked_direct_) direct_ = content_.try_open_direct(log_block_bytes);
    asked_direct_ = true;
    if (direct_ && try_write_direct(position, group)) return;
    content_.write_at(position, group);
    content_.sync();
}

// False: what stands below takes no such writes, whatever was said of it.
bool log_segment::try_write_direct(std::uint64_t position, const os::direct_buffer& group) {
    try {
        direct_->write_at(position, group);
    } catch (const error& e) {
        if (e.code() != std::errc::invalid_argument) throw;
        direct_.reset();
        return false;
    }
    direct_->sync();
    return true;
}

bool log_segment::has_head(const group_place& place, std::uint64_t end, group_head& head) const {
    head = {.magic = 0};
    content_.read_at(place.position, std::as_writable_bytes(std::span{&head, 1}));
    return is_sound(head, place, end);
}

group_state log_segment::read(const group_place& place, std::uint64_t end, group_head& head,
                              std::vector<std::byte>& bytes,
                              std::vector<log_entry>& entries) const {
    if (!has_head(place, end, head)) return group_state::none;
    // A head's own check may be right by accident, or by somebody's wish: no memory beyond the file
    if (head.bytes > content_.size()) return group_state::broken;
    bytes.resize(head.bytes);
    if (content_.read_at(place.position, bytes) < bytes.size()) return group_state::broken;
    return take_group(bytes, place, entries) ? group_state::whole : group_state::broken;
}

std::uint64_t log_segment::id_by_groups() const {
    const std::uint64_t end = std::min(content_.size(), segment_bytes_max);
    group_head head;
    for (std::uint64_t at = log_block_bytes; at < end; at += log_block_bytes) {
        has_head({0, at}, end, head);
        if (is_sound(head, {head.segment, at}, end)) return head.segment;
    }
    return 0;
}

}  // namespace signet::pattern
