// SPDX-License-Identifier: Apache-2.0
#include <signet/os/record_file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/os/random.hpp>

#include <string>
#include <utility>

namespace signet::os {
namespace {

constexpr std::uint64_t header_bytes = sizeof(record_file_header);

// Whoever holds this range exclusively may write anywhere in the file.
constexpr byte_range writers_range{.position = 0, .bytes = header_bytes};

[[noreturn]] void fail_damaged(const file& content, std::uint64_t position) {
    throw error{errc::peer_misbehaved, "read a record of", content.path(),
                "no record begins at byte " + std::to_string(position) +
                    ": the position is not one of this file's, or it was damaged there; cut it "
                    "there, or replace it"};
}

file create_durable(const file_place& place, durability wanted) {
    file made = file::create(place);
    if (wanted == durability::host_crash) sync_name(place);
    return made;
}

file open_durable(const file_place& place, durability wanted) {
    file met = file::open_or_create(place);
    if (wanted == durability::host_crash) sync_name(place);
    return met;
}

}  // namespace

record_writer::record_writer(const file_place& place, durability wanted)
    : record_writer{open_durable(place, wanted), wanted} {}

record_writer record_writer::create(const file_place& place, durability wanted) {
    return {create_durable(place, wanted), wanted};
}

record_writer record_writer::open(const file_place& place, durability wanted) {
    return {file::open(place), wanted};
}

record_position record_writer::append(std::span<const std::byte> payload) {
    check_usable(payload.size());
    const auto lock = range_lock::take(content_, lock_kind::exclusive, writers_range);
    return append_locked(payload);
}

std::optional<record_position> record_writer::try_append(std::span<const std::byte> payload) {
    check_usable(payload.size());
    const auto lock = range_lock::try_take(content_, lock_kind::exclusive, writers_range);
    if (!lock) return std::nullopt;
    return append_locked(payload);
}

void record_writer::clear() {
    check_usable(0);
    const auto lock = range_lock::take(content_, lock_kind::exclusive, writers_range);
    if (!read_record_file_id(content_)) check_record_file_begun(content_);
    write_fresh_header();
    if (wanted_ == durability::host_crash) content_.sync();
}

record_position record_writer::append_locked(std::span<const std::byte> payload) {
    find_end();
    const std::uint64_t position = end_;
    try {
        write_at_end(payload);
    } catch (...) {
        // A first part may be there, or all of it, but not on the disk: it is taken back. Where
        // that fails too, the next writer does it.
        try {
            content_.resize(position);
        } catch (const error&) {
        }
        end_ = position;
        throw;
    }
    return record_position{position};
}

void record_writer::write_at_end(std::span<const std::byte> payload) {
    make_record(bytes_, id_, end_, payload);
    content_.write_at(end_, bytes_);
    if (wanted_ == durability::host_crash) content_.sync();
    end_ += bytes_.size();
}

void record_writer::write_fresh_header() {
    const std::uint64_t id = random_u64();
    const record_file_header header = make_record_file_header(id);
    content_.resize(0);
    content_.write_at(0, std::as_bytes(std::span{&header, 1}));
    id_ = id;
    end_ = header_bytes;
}

void record_writer::find_end() {
    const std::uint64_t file_bytes = content_.size();
    const std::optional<std::uint64_t> id = read_record_file_id(content_);
    if (!id) {
        check_record_file_begun(content_);
        return write_fresh_header();
    }
    if (end_ == 0 || *id != id_ || file_bytes < end_) end_ = header_bytes;
    id_ = *id;
    // Bounded by the length of the file: each step goes on by a record.
    while (true) {
        const record_reading found = read_record(content_, id_, end_, file_bytes, bytes_);
        switch (found.state) {
            case record_state::whole: end_ = found.next; break;
            case record_state::end: return;
            case record_state::torn: return content_.resize(end_);
            case record_state::damaged: fail_damaged(content_, end_);
        }
    }
}

void record_writer::check_usable(std::size_t payload_bytes) const {
    if (payload_bytes > record_bytes_max) {
        throw error{errc::too_large, "append to", content_.path(),
                    "a record has at most " + std::to_string(record_bytes_max) + " bytes, not " +
                        std::to_string(payload_bytes)};
    }
    if (here_.still()) return;
    throw error{errc::forked, "append to", content_.path(),
                "this writer was made before a fork and shares its lock with the parent; open the "
                "file anew in the child"};
}

record_reader::record_reader(const file_place& place, record_position from)
    : place_{place},
      content_{file::open(place, file_access::read_only)},
      position_{static_cast<std::uint64_t>(from)} {}

reading record_reader::try_next() {
    const reading first = look();
    if (first != reading::none) return first;
    // What happened so far is forgotten before the look that counts.
    const bool quiet = watch_ && !watch_->drain();
    const bool elsewhere = !content_.is_at(place_);
    const reading last = quiet && !elsewhere ? first : look();
    return last == reading::none && elsewhere ? reading::replaced : last;
}

reading record_reader::next(deadline until) {
    fd();  // watched from before the first look
    while (true) {
        const reading now = try_next();
        if (now != reading::none || !watch_->wait(until)) return now;
    }
}

void record_reader::rewind() noexcept {
    id_.reset();
    position_ = header_bytes;
}

bool record_reader::reopen() {
    std::optional<file> met = file::try_open(place_, file_access::read_only);
    if (!met) return false;
    content_ = std::move(*met);
    watch_.reset();
    rewind();
    return true;
}

int record_reader::fd() {
    if (!watch_) watch_.emplace(content_);
    return watch_->fd();
}

reading record_reader::look() {
    // The length first: what lies within it was written before what we read now.
    const std::uint64_t file_bytes = content_.size();
    if (file_bytes < header_bytes) return id_ ? reading::truncated : reading::none;
    if (!id_) id_ = read_record_file_id(content_);
    if (!id_) return reading::none;
    if (file_bytes < position_) return reading::truncated;
    const record_reading found = read_record(content_, *id_, position_, file_bytes, payload_);
    return found.state == record_state::damaged ? look_at_damage() : take_record(found);
}

// A writer that cuts a torn record off and writes over it looks like damage while it does. It holds
// the lock meanwhile, and its next write is an event.
reading record_reader::look_at_damage() {
    const auto quiet = range_lock::try_take(content_, lock_kind::shared, writers_range);
    if (!quiet) return reading::none;
    const std::uint64_t file_bytes = content_.size();
    if (file_bytes < position_ || read_record_file_id(content_) != *id_) return reading::truncated;
    const record_reading found = read_record(content_, *id_, position_, file_bytes, payload_);
    if (found.state == record_state::damaged) fail_damaged(content_, position_);
    return take_record(found);
}

reading record_reader::take_record(const record_reading& found) {
    if (found.state != record_state::whole) return reading::none;
    position_ = found.next;
    return reading::record;
}

}  // namespace signet::os
