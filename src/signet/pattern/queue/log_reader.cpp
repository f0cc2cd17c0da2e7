// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_reader.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <utility>

namespace signet::pattern {
namespace {

constexpr std::uint64_t salvage_step = 8;
constexpr std::uint64_t salvage_bytes_max = std::uint64_t{64} << 20;

}  // namespace

std::vector<std::uint64_t> log_reader::list() const {
    std::vector<std::uint64_t> numbers;
    for (const std::string& name : in_->list()) {
        const std::optional<std::uint64_t> number = log_segment::number_of(name);
        if (number) numbers.push_back(*number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

// Others may have removed segments since. One that is gone from where we were going on may have
// told what became of messages: then all is read anew.
void log_reader::keep_those_of(std::vector<std::uint64_t>& numbers) {
    const auto own = std::lower_bound(numbers.begin(), numbers.end(), number_);
    if (number_ == 0 || own == numbers.end() || *own != number_) {
        *this = log_reader{*in_};
        return;
    }
    segments_.erase(segments_.begin(), segments_.lower_bound(numbers.front()));
    numbers.erase(numbers.begin(), own);
}

void log_reader::follow(const std::optional<log_position>& end) {
    std::vector<std::uint64_t> numbers = list();
    keep_those_of(numbers);
    const auto open = [&](std::size_t i) -> std::optional<log_segment> {
        // What was begun and not gone to is behind the end, and nothing yet.
        if (i >= numbers.size() || (end && numbers[i] > end->segment)) return std::nullopt;
        return log_segment::try_open(*in_, numbers[i], os::file_access::read_only);
    };
    std::optional<log_segment> segment = open(0);
    for (std::size_t i = 0; segment; ++i) {
        std::optional<log_segment> next = open(i + 1);
        if (numbers[i] != number_) begin_segment(numbers[i], *segment, next);
        if (id_ != 0) read_groups(*segment, limit_of(*segment, next, end));
        segment = std::move(next);
    }
}

void log_reader::begin_segment(std::uint64_t number, const log_segment& segment,
                               const std::optional<log_segment>& next) {
    if (number_ != 0 && number != number_ + 1) {
        damage_.push_back({number_ + 1, 0, 0, "segments are missing"});
    }
    number_ = number;
    position_ = log_block_bytes;
    last_group_ = {};
    id_ = believe(number, segment) ? segment.header().id : 0;
    if (id_ == 0 && judge(segment.header()) == header_state::damaged) {
        const bool told = next && judge(next->header()) == header_state::sound;
        id_ = told && next->header().number == number + 1 ? next->header().previous_id
                                                          : segment.id_by_groups();
    }
    segments_[number] = {.id = id_, .bytes = segment.content().size()};
}

bool log_reader::believe(std::uint64_t number, const log_segment& segment) {
    const segment_header& header = segment.header();
    switch (judge(header)) {
        case header_state::of_the_future:
            throw error{errc::incompatible_version, "read log", segment.content().path(),
                        "it is of version " + std::to_string(header.version) + ", this is " +
                            std::to_string(log_version)};
        case header_state::damaged:
            damage_.push_back({number, 0, log_block_bytes, "the header is damaged"});
            return false;
        case header_state::sound: break;
    }
    if (log_ == 0) log_ = header.log;
    if (header.log == log_ && header.number == number) return true;
    damage_.push_back({number, 0, 0, "it belongs elsewhere, and is left out"});
    return false;
}

log_reader::limit log_reader::limit_of(const log_segment& segment,
                                       const std::optional<log_segment>& next,
                                       const std::optional<log_position>& end) const {
    if (end && end->segment == number_) return {end->end, true};
    const std::uint64_t size = std::min(segment.content().size(), segment_bytes_max);
    const bool told = next && judge(next->header()) == header_state::sound;
    if (told && next->header().number == number_ + 1 && next->header().previous_id == id_) {
        return {std::min(next->header().previous_end, segment_bytes_max), true};
    }
    return {size, false};
}

void log_reader::read_groups(const log_segment& segment, const limit& to) {
    const std::uint64_t end = std::min(segment.content().size(), segment_bytes_max);
    while (position_ < to.end) {
        const group_place place{id_, position_};
        group_head head;
        if (segment.read(place, end, head, bytes_, found_) == group_state::whole) {
            for (const log_entry& entry : found_) {
                const auto offset =
                    reinterpret_cast<const std::byte*>(entry.fields.data()) - bytes_.data();
                take(entry, position_ + static_cast<std::uint64_t>(offset) - sizeof(entry_head));
            }
            ++groups_;
            tickets_ = std::max(tickets_, head.tickets);
            last_group_ = place;
            position_ += log_round_up(head.bytes, log_block_bytes);
            continue;
        }
        const std::uint64_t found = find_group(segment, position_ + log_block_bytes, to.end);
        if (found >= to.end && !to.known) return;
        damage_.push_back({number_, position_, found, "what stands there is not whole"});
        salvage(segment, position_, found);
        position_ = found;
    }
}

std::uint64_t log_reader::find_group(const log_segment& segment, std::uint64_t from,
                                     std::uint64_t end) const {
    const std::uint64_t there = std::min(segment.content().size(), segment_bytes_max);
    group_head head;
    for (std::uint64_t at = from; at < std::min(end, there); at += log_block_bytes) {
        if (segment.has_head({id_, at}, there, head)) return at;
    }
    return end;
}

void log_reader::salvage(const log_segment& segment, std::uint64_t from, std::uint64_t to) {
    bytes_.resize(std::min(to - from, salvage_bytes_max));
    bytes_.resize(segment.content().read_at(from, bytes_));
    const group_place place{id_, from};
    for (std::uint64_t offset = 0; offset < bytes_.size();) {
        const std::optional<log_entry> entry = entry_at(bytes_, offset, place);
        if (entry) take(*entry, from + offset);
        offset += entry ? entry->bytes() : salvage_step;
    }
}

void log_reader::take(const log_entry& entry, std::uint64_t position) {
    ++entries_;
    drop(entry.identity);
    if (entry.kind == entry_kind::done) return;
    const std::uint64_t bytes = entry.bytes();
    live_[entry.identity] = {number_, id_, position, bytes};
    segments_[number_].live_bytes += bytes;
    ++segments_[number_].live;
}

void log_reader::drop(std::uint64_t identity) {
    const auto found = live_.find(identity);
    if (found == live_.end()) return;
    const auto segment = segments_.find(found->second.segment);
    if (segment != segments_.end()) {
        segment->second.live_bytes -= found->second.bytes;
        --segment->second.live;
    }
    live_.erase(found);
}

std::optional<log_entry> log_reader::fetch(const entry_place& from,
                                           std::vector<std::byte>& buffer) const {
    const auto segment = log_segment::try_open(*in_, from.segment, os::file_access::read_only);
    if (!segment) return std::nullopt;
    buffer.resize(from.bytes);
    buffer.resize(segment->content().read_at(from.position, buffer));
    return entry_at(buffer, 0, {from.segment_id, from.position});
}

}  // namespace signet::pattern
