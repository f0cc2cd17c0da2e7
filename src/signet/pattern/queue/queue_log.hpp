// SPDX-License-Identifier: Apache-2.0
// The log of a durable queue, for who writes it: the holder of `commit`, one at a time among all
// processes (docs/design/queues.md, L4, L5 and the end of the log; the model is log.pml in
// memory/models).
//
// Whoever dies in any call leaves the log as it was, or with what was appended: the end of the log
// says which, in one word. Throws `error`. Where a write or a sync failed the log is poisoned, for
// everybody: the kernel tells of a lost page once, and takes it for clean then. Where there was no
// room for a further segment nothing has happened, and the same may be tried again.
//
// Objects are for one thread at a time, and hold nothing that another process would need.
#pragma once

#include <signet/os/directory.hpp>
#include <signet/pattern/queue/log_end.hpp>
#include <signet/pattern/queue/log_reader.hpp>
#include <signet/pattern/queue/log_segment.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::pattern {

inline constexpr std::uint64_t segment_bytes_usual = std::uint64_t{64} << 20;
inline constexpr std::uint64_t group_bytes_usual = std::uint64_t{4} << 20;

class queue_log {
public:
    /// Begins a log where there is none, or goes on with one after a stop of the machine or the
    /// loss of what the living agreed on, as `found` has read it to its end. Nobody else may use
    /// the log. Returns where it ends, on the disk.
    ///
    /// A new segment begins either way: behind what is torn nothing is written any more. The last
    /// group is written into it once more, for the cache may be all that has it.
    static log_position begin(const os::directory& in, const log_reader& found,
                              std::uint64_t segment_bytes = segment_bytes_usual);

    /// Both must outlive this.
    queue_log(const os::directory& in, log_end& end,
              std::uint64_t segment_bytes = segment_bytes_usual)
        : in_{&in},
          end_{&end},
          segment_bytes_{segment_bytes},
          reader_{in},
          collected_in_{end.get().segment} {}

    /// Appends the first of `entries` as one group; returns how many, at least one. They are on the
    /// disk, and the end of the log is behind them. `tickets` is above every page that an
    /// identity of theirs names.
    std::size_t append(std::span<const log_entry> entries, std::uint64_t tickets);

    /// The same after a failure, by who is alone: all that is staged or finished must be among
    /// `entries`. Ends the poisoning.
    void cure(std::span<const log_entry> entries, std::uint64_t tickets);

    /// Where the log has begun a segment since the last call, or since this was made: removes those
    /// that nobody needs, oldest first. Where it is kept by a few messages, writes them once more
    /// before, for one segment each time.
    void collect(std::uint64_t tickets);
    bool may_collect() const noexcept { return end_->get().segment != collected_in_; }

    /// The same for all segments, whenever the log began the last one.
    void collect_all(std::uint64_t tickets);

private:
    log_position settled_end();
    void remove(std::uint64_t number);
    log_segment& segment_of(const log_position& end);
    void append_here(const log_position& end, log_segment& to);
    void append_to_new(log_position end, const segment_header& before,
                       std::span<const log_entry> entries, std::uint64_t tickets);
    void remove_unneeded(std::uint64_t tickets, std::uint64_t moves_max);
    bool is_oldest_worth_moving() const;
    void move_oldest(std::uint64_t tickets);

    const os::directory* in_;
    log_end* end_;
    std::uint64_t segment_bytes_;
    std::optional<log_segment> segment_;
    os::direct_buffer group_;
    log_reader reader_;
    std::uint64_t collected_in_;  ///< the segment of the last look
};

}  // namespace signet::pattern
