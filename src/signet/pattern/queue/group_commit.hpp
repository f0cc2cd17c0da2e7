// SPDX-License-Identifier: Apache-2.0
// Who brings a durable queue's messages to its log: one thread of one process at a time, for all
// (docs/design/queues.md, L1 to L7). Whoever pushed waits until a round has ended that began after
// it did; where nobody is at it, it does the round itself. A holder that dies, the kernel's lock
// says so, is followed by the next.
//
// Thread safety: any thread. Invariants:
// 1. `commit`, a byte of the file `lock`, is held by whoever appends, and by nobody else.
// 2. `started` is raised before anything is collected; so what was staged before is in that round.
// 3. A round that began and did not end may have taken bits with it: the next one looks at all.
// 4. `ended` is raised when all of a round is on the disk, and ready.
#pragma once

#include <signet/life/fork_ledger.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/pattern/queue/log_accord.hpp>
#include <signet/pattern/queue/queue_core.hpp>
#include <signet/pattern/queue/queue_log.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace signet::pattern {

/// A durable queue's directory as this process has it open. The `lock` file has a byte each.
struct opened_log {
    static constexpr os::byte_range opening_byte{0, 1};  ///< held while one opens
    static constexpr os::byte_range using_byte{1, 1};    ///< shared by all that have it open
    static constexpr os::byte_range commit_byte{2, 1};

    os::directory directory;
    os::file lock_file;
    log_accord accord;
    std::uint64_t segment_bytes = segment_bytes_usual;
};

class group_commit final : public queue_committer {
public:
    explicit group_commit(opened_log opened);
    group_commit(const group_commit&) = delete;
    group_commit& operator=(const group_commit&) = delete;
    ~group_commit() override;

    /// Says to the others that this process has the queue open, and brings to the disk what
    /// somebody left who died. Once, when it is ready.
    void begin_use(queue_core& queue);

    bool commit(queue_core& queue, const sync::patience& limit) override;
    void finished(queue_core& queue) override;

    /// The same for a log that is poisoned, by an opener that is alone.
    void cure(queue_core& queue);

    /// Brings what is finished to the disk, if that can be done soon, and lets the queue alone from
    /// then on. Before the queue goes.
    void close(queue_core& queue) noexcept;

    const os::directory& directory() const noexcept { return opened_.directory; }

private:
    bool may_have_work(const queue_core& queue) const noexcept;
    bool has_ended_after(std::uint32_t started) const noexcept;
    bool try_lead(queue_core& queue);
    void lead(queue_core& queue);
    void wait_for_others() noexcept;
    void note_usual() noexcept;
    void collect(queue_core& queue, bool all);
    void append_all(queue_core& queue);
    void commit_what_is_left(queue_core& queue) noexcept;
    void settle(queue_core& queue, std::size_t from, std::size_t to);
    void tell_others() noexcept;
    template <class Ended>
    bool gives_way_until(Ended&& ended, std::uint32_t turns) const;
    void sleep_while(std::uint32_t turns, deadline until);
    void follow_finished(queue_core& queue, const std::stop_token& stop);

    opened_log opened_;
    life::closed_in_forked_child no_lock_of_children_;
    std::optional<os::range_lock> in_use_;
    queue_log log_;
    std::mutex leading_;

    // Of the leader: how many pushed, what it collected, and where that is.
    std::uint32_t in_round_ = 0;
    std::vector<memory::record_place> places_;
    std::vector<log_entry> entries_;
    std::vector<std::size_t> fields_;  ///< where those of an entry begin
    std::vector<std::byte> bytes_;

    std::mutex finishing_;
    std::condition_variable_any any_finished_;
    bool is_finished_ = false;
    std::jthread follower_;  ///< the last: it uses all above
};

}  // namespace signet::pattern
