// SPDX-License-Identifier: Apache-2.0
// What stands in a log: which messages live, where, and what is damaged. Reads segments in order
// and keeps its place, so that it can follow a log that grows. Changes nothing.
//
// A group that is not whole and has none behind it ends the log: it was never acknowledged. One
// that has later ones is damage: its entries whose own checks are right count, the rest is
// reported. For one thread at a time. Throws `error`: a segment that cannot be read, or of a later
// version.
#pragma once

#include <signet/os/directory.hpp>
#include <signet/pattern/queue/log_end.hpp>
#include <signet/pattern/queue/log_segment.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace signet::pattern {

/// Where an entry lies.
struct entry_place {
    std::uint64_t segment = 0;
    std::uint64_t segment_id = 0;
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;
};

/// Bytes of a segment that cannot be believed. From 0 to 0: all of it.
struct log_damage {
    std::uint64_t segment = 0;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::string what{};
};

struct segment_facts {
    std::uint64_t id = 0;
    std::uint64_t bytes = 0;
    std::uint64_t live_bytes = 0;  ///< of entries that are needed
    std::uint64_t live = 0;
};

class log_reader {
public:
    explicit log_reader(const os::directory& in) : in_{&in} {}

    /// Reads on: to `end`, where it is known, or as far as the log goes.
    void follow(const std::optional<log_position>& end = std::nullopt);

    /// Pushed and not done, in the order of their identities.
    const std::map<std::uint64_t, entry_place>& live() const noexcept { return live_; }

    /// Those that are there, by their numbers.
    const std::map<std::uint64_t, segment_facts>& segments() const noexcept { return segments_; }
    const std::vector<log_damage>& damage() const noexcept { return damage_; }
    std::uint64_t groups() const noexcept { return groups_; }
    std::uint64_t entries() const noexcept { return entries_; }

    /// Of the log; 0 where no segment says so.
    std::uint64_t log_id() const noexcept { return log_; }
    /// Above every page that an identity names.
    std::uint64_t tickets() const noexcept { return tickets_; }
    /// Behind the last whole group of the last segment.
    log_position end() const noexcept { return {.segment = number_, .end = position_}; }
    /// Where that group begins; `position` 0 where the last segment has none.
    const group_place& last_group() const noexcept { return last_group_; }

    /// The entry at `from`, in `buffer`. No value where it is damaged by now.
    std::optional<log_entry> fetch(const entry_place& from, std::vector<std::byte>& buffer) const;

    /// Forgets a segment that was removed. No live entry may be in it.
    void forget(std::uint64_t number) { segments_.erase(number); }

private:
    struct limit {
        std::uint64_t end = 0;
        bool known = false;
    };

    std::vector<std::uint64_t> list() const;
    void keep_those_of(std::vector<std::uint64_t>& numbers);
    void begin_segment(std::uint64_t number, const log_segment& segment,
                       const std::optional<log_segment>& next);
    bool believe(std::uint64_t number, const log_segment& segment);
    limit limit_of(const log_segment& segment, const std::optional<log_segment>& next,
                   const std::optional<log_position>& end) const;
    void read_groups(const log_segment& segment, const limit& to);
    std::uint64_t find_group(const log_segment& segment, std::uint64_t from,
                             std::uint64_t end) const;
    void salvage(const log_segment& segment, std::uint64_t from, std::uint64_t to);
    void take(const log_entry& entry, std::uint64_t position);
    void drop(std::uint64_t identity);

    const os::directory* in_;
    std::map<std::uint64_t, entry_place> live_;
    std::map<std::uint64_t, segment_facts> segments_;
    std::vector<log_damage> damage_;
    std::uint64_t groups_ = 0;
    std::uint64_t entries_ = 0;
    std::uint64_t tickets_ = 0;
    std::uint64_t log_ = 0;
    std::uint64_t number_ = 0;  ///< of the segment that is read; 0: none yet
    std::uint64_t id_ = 0;      ///< its own; 0: nothing in it can be believed
    std::uint64_t position_ = 0;
    group_place last_group_;
    std::vector<std::byte> bytes_;
    std::vector<log_entry> found_;
};

}  // namespace signet::pattern
