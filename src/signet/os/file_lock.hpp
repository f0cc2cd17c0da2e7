// SPDX-License-Identifier: Apache-2.0
// Locks on files between processes, let go by the kernel when their holder ends, however it ends.
// Two kinds, which do not see each other: `file_lock` on a whole file (flock) and `range_lock` on a
// range of its bytes (OFD locks). Both are advisory: they stop only those who ask for them.
//
// A lock belongs to the open file: two locks taken through one `file` object, or a duplicate of it,
// do not exclude each other, and the first to go ends them both where they overlap. So open the
// file once for each thread, or each lock. The `file` must outlive its locks. A forked child shares
// its parent's open files: the object's copy there lets nothing go, but while the child runs and
// has the file open, the lock outlives the parent; exec closes it.
//
// `take` waits for as long as it takes, whatever signals arrive: the kernel offers no wait for a
// lock with a deadline, and its substitutes (a signal to interrupt it, a process that waits in our
// place) would reach into the program that uses us. Who cannot wait so long uses `try_take`. The
// kernel does not notice a deadlock of such locks: take several in one order.
//
// Throws `error`: a file system without locks, no lock left, an exclusive range without the right
// to write. A killed holder leaves nothing; one that is stopped keeps its lock.
#pragma once

#include <signet/os/file.hpp>
#include <signet/os/fork_guard.hpp>

#include <cstdint>
#include <optional>

namespace signet::os {

enum class lock_kind {
    shared,     ///< beside other shared ones
    exclusive,  ///< beside none
};

/// Which bytes. They need not exist.
struct byte_range {
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;  ///< 0: to the end of the file, wherever that will be
};

/// A lock on a whole file, by flock.
class file_lock {
public:
    /// No value where somebody else has it.
    static std::optional<file_lock> try_take(const file& of, lock_kind kind);

    /// Waits until nobody else has it.
    static file_lock take(const file& of, lock_kind kind);

    file_lock(file_lock&& other) noexcept;
    file_lock& operator=(file_lock&& other) noexcept;

    /// Lets it go, in the process that took it.
    ~file_lock();

private:
    explicit file_lock(int fd) noexcept : fd_{fd} {}

    int fd_;
    made_in_process here_;
};

/// A lock on a range of a file, as an open file's own (OFD), so that neither a thread nor a `close`
/// elsewhere in this process loses it, as with the older locks of POSIX.
class range_lock {
public:
    /// No value where somebody else has a byte of it. An exclusive one needs the right to write.
    static std::optional<range_lock> try_take(const file& of, lock_kind kind,
                                              byte_range range = {});

    /// Waits until nobody else has a byte of it.
    static range_lock take(const file& of, lock_kind kind, byte_range range = {});

    range_lock(range_lock&& other) noexcept;
    range_lock& operator=(range_lock&& other) noexcept;

    /// Lets it go, in the process that took it.
    ~range_lock();

    /// Leaves it to the open file: the kernel lets it go when the last descriptor of that, in any
    /// process, is closed.
    void leave_to_file() noexcept { fd_ = -1; }

    byte_range range() const noexcept { return range_; }

private:
    range_lock(int fd, byte_range range) noexcept : fd_{fd}, range_{range} {}

    int fd_;
    byte_range range_;
    made_in_process here_;
};

/// Whether such a lock could be taken now; holds nothing. A look, not a promise.
bool is_lockable(const file& of, lock_kind kind, byte_range range = {});

}  // namespace signet::os
