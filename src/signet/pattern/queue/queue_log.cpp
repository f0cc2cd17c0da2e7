// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_log.hpp>

#include <signet/base/error.hpp>
#include <signet/os/random.hpp>

#include <algorithm>
#include <utility>

namespace signet::pattern {
namespace {

constexpr std::uint64_t segments_max = std::uint64_t{1} << 20;

// As many as make a group of the usual size, and at least one.
std::size_t count_for_group(std::span<const log_entry> entries) {
    std::uint64_t bytes = sizeof(group_head);
    std::size_t count = 0;
    while (count < entries.size()) {
        bytes += entries[count].bytes();
        if (bytes > group_bytes_usual && count > 0) break;
        ++count;
    }
    return count;
}

log_segment make_segment(const os::directory& in, segment_header header,
                         std::uint64_t segment_bytes, std::uint64_t tickets,
                         std::span<const log_entry> entries) {
    const std::uint64_t needed = log_block_bytes + group_bytes(entries);
    if (needed > segment_bytes_max) {
        throw error{errc::too_large, "append to", in.path_of(log_segment::name_of(header.number)),
                    "a group of a log is at most 8 GiB"};
    }
    header.id = os::random_u64();
    header.bytes = std::max(needed, segment_bytes);
    os::direct_buffer group;
    make_group(group, {header.id, log_block_bytes}, tickets, entries);
    return log_segment::create(in, header, group);
}

// What the last group holds, in `bytes`.
std::vector<log_entry> last_entries(const os::directory& in, const log_reader& found,
                                    std::vector<std::byte>& bytes) {
    std::vector<log_entry> entries;
    if (found.last_group().position == 0) return entries;
    const std::uint64_t number = found.end().segment;
    const auto segment = log_segment::try_open(in, number, os::file_access::read_only);
    group_head head;
    const bool whole = segment && segment->read(found.last_group(), segment_bytes_max, head, bytes,
                                                entries) == group_state::whole;
    if (whole) return entries;
    throw error{errc::damaged, "read log", in.path_of(log_segment::name_of(number)),
                "it changed while it was read"};
}

std::uint64_t end_of_group(const log_position& end, const os::direct_buffer& group) {
    return end.end + group.size();
}

}  // namespace

log_position queue_log::begin(const os::directory& in, const log_reader& found,
                              std::uint64_t segment_bytes) {
    std::vector<std::byte> bytes;
    const std::vector<log_entry> again = last_entries(in, found, bytes);
    const log_position end = found.end();
    segment_header header;
    header.log = found.log_id() != 0 ? found.log_id() : os::random_u64();
    header.number = end.segment + 1;
    if (end.segment != 0) {
        header.previous_id = found.segments().at(end.segment).id;
        const std::uint64_t last = found.last_group().position;
        header.previous_end = last != 0 ? last : log_block_bytes;
    }
    make_segment(in, header, segment_bytes, found.tickets(), again);
    return {.segment = header.number, .end = log_block_bytes + group_bytes(again)};
}

// Where somebody died on the way to a segment that has its name: once anything is written here,
// that segment's word on where this one ends is wrong. So it goes first.
log_position queue_log::settled_end() {
    log_position end = end_->get();
    if (!end.begun) return end;
    const os::file_place stale{*in_, log_segment::name_of(end.segment + 1)};
    os::remove_file(stale);
    os::sync_name(stale);
    end.begun = false;
    end_->set(end);
    return end;
}

log_segment& queue_log::segment_of(const log_position& end) {
    if (segment_ && segment_->header().number == end.segment) return *segment_;
    segment_ = log_segment::try_open(*in_, end.segment, os::file_access::read_write);
    const bool sound = segment_ && judge(segment_->header()) == header_state::sound &&
                       segment_->header().number == end.segment && end.end >= log_block_bytes &&
                       end.end <= segment_->content().size();
    if (sound) return *segment_;
    segment_.reset();
    throw error{
        errc::damaged, "append to", in_->path_of(log_segment::name_of(end.segment)),
        "it is missing, or not what the queue says; close the queue everywhere and open it"};
}

std::size_t queue_log::append(std::span<const log_entry> entries, std::uint64_t tickets) {
    const log_position end = settled_end();
    if (end.poisoned) {
        throw error{errc::damaged, "append to", in_->path_of(log_segment::name_of(end.segment)),
                    "a write to its disk failed before; close the queue everywhere and open it"};
    }
    const std::size_t count = count_for_group(entries);
    log_segment& here = segment_of(end);
    if (end.end + group_bytes(entries.first(count)) > here.header().bytes) {
        append_to_new(end, here.header(), entries.first(count), tickets);
        return count;
    }
    make_group(group_, {here.header().id, end.end}, tickets, entries.first(count));
    append_here(end, here);
    return count;
}

void queue_log::append_here(const log_position& end, log_segment& to) {
    try {
        to.write(end.end, group_);
    } catch (...) {
        log_position poisoned = end;
        poisoned.poisoned = true;
        end_->set(poisoned);
        throw;
    }
    end_->set({.segment = end.segment, .end = end_of_group(end, group_)});
}

void queue_log::append_to_new(log_position end, const segment_header& before,
                              std::span<const log_entry> entries, std::uint64_t tickets) {
    end.begun = true;
    end_->set(end);
    segment_header header;
    header.log = before.log;
    header.number = before.number + 1;
    header.previous_id = before.id;
    header.previous_end = end.end;
    segment_ = make_segment(*in_, header, segment_bytes_, tickets, entries);
    end_->set({.segment = header.number, .end = log_block_bytes + group_bytes(entries)});
}

void queue_log::cure(std::span<const log_entry> entries, std::uint64_t tickets) {
    const log_position end = settled_end();
    append_to_new(end, segment_header{segment_of(end).header()}, entries, tickets);
}

// What an earlier one left must be gone for good first: were two to come back in part, a message
// might without what it became.
void queue_log::remove(std::uint64_t number) {
    const os::file_place place{*in_, log_segment::name_of(number)};
    os::sync_name(place);
    os::remove_file(place);
    reader_.forget(number);
}

void queue_log::collect(std::uint64_t tickets) {
    const std::uint64_t current = end_->get().segment;
    if (current == collected_in_) return;
    collected_in_ = current;
    remove_unneeded(tickets, 1);  // the others wait meanwhile
}

void queue_log::collect_all(std::uint64_t tickets) {
    remove_unneeded(tickets, segments_max);
}

void queue_log::remove_unneeded(std::uint64_t tickets, std::uint64_t moves_max) {
    reader_.follow(end_->get());
    std::uint64_t moves = 0;
    while (reader_.segments().size() > 1) {
        const auto [number, facts] = *reader_.segments().begin();
        if (number >= end_->get().segment) return;
        if (facts.live == 0) {
            remove(number);
        } else if (moves < moves_max && is_oldest_worth_moving()) {
            move_oldest(tickets);
            ++moves;
        } else {
            return;
        }
    }
}

// The log is kept below twice what lives, and two segments.
bool queue_log::is_oldest_worth_moving() const {
    std::uint64_t bytes = 0;
    std::uint64_t live_bytes = 0;
    for (const auto& [number, facts] : reader_.segments()) {
        bytes += facts.bytes;
        live_bytes += facts.live_bytes;
    }
    const segment_facts& oldest = reader_.segments().begin()->second;
    return bytes > 2 * live_bytes + 2 * segment_bytes_ && oldest.live_bytes < oldest.bytes / 2;
}

// What cannot be read any more is on no disk either, and keeps nothing.
void queue_log::move_oldest(std::uint64_t tickets) {
    const std::uint64_t oldest = reader_.segments().begin()->first;
    std::vector<std::vector<std::byte>> bytes;
    std::vector<log_entry> entries;
    for (const auto& [identity, place] : reader_.live()) {
        if (place.segment != oldest) continue;
        bytes.emplace_back();
        const std::optional<log_entry> entry = reader_.fetch(place, bytes.back());
        if (entry && entry->identity == identity) entries.push_back(*entry);
    }
    for (std::size_t done = 0; done < entries.size();) {
        done += append(std::span{entries}.subspan(done), tickets);
    }
    reader_.follow(end_->get());
    remove(oldest);
}

}  // namespace signet::pattern
