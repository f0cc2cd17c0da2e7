// SPDX-License-Identifier: Apache-2.0
// The named pipe: a name in a directory at which writers and readers meet, and bytes in one
// direction between them. The bytes live in the kernel only as long as one end is open. Each object
// belongs to one thread at a time. Whoever may open it may also take bytes: with several readers
// each byte goes to one of them. Opening never hangs: a reader opens at once, a writer waits for a
// reader until its deadline.
//
// What a SIGKILL leaves: of a writer, what it had written, then the end; of a reader, `ended` for
// its writers, and what it had not read is lost unless another end is open; of an owner, the name
// and its lock file, which the next owner takes over.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/fifo_name.hpp>
#include <signet/os/name_lock.hpp>
#include <signet/os/pipe_io.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace signet::os {

/// Owns the name. It stays locked through `<name>.lock` beside it, by which a name whose owner was
/// killed is told from one in use. Forked children that do not exec keep the lock with them.
class fifo {
public:
    static constexpr unsigned private_mode = 0600;

    /// Creates `name` in `place`, with exactly `mode`; one that a dead owner left is used again,
    /// and who still holds it open stays connected. Throws `error`: a living process owns the name,
    /// it belongs to another user or is no named pipe, no rights, no room.
    fifo(const directory& place, std::string_view name, unsigned mode = private_mode);

    fifo(const fifo&) = delete;
    fifo& operator=(const fifo&) = delete;

    /// Removes the name, unless it has come to mean something else.
    ~fifo();

    /// Whether a dead owner's was taken over.
    bool was_stale() const noexcept { return stale_; }

private:
    name_lock lock_;
    std::string name_;
    bool stale_ = false;
    std::optional<fifo_name> pipe_;
};

/// What a reader does when its last writer has gone.
enum class when_writers_go {
    wait_for_next,  ///< nothing: it holds a writing end itself, so there never is an end
    report,         ///< `ended`, once each time; reading on waits for the next writer
    end,            ///< `ended`, from then on, and fd() stays the same
};

class fifo_reader {
public:
    /// Opens at once, with or without a writer. Throws `error`: no such name, no named pipe, no
    /// rights.
    static fifo_reader open(const directory& place, std::string_view name,
                            when_writers_go then = when_writers_go::wait_for_next);

    /// See stream_io.hpp. Before the first writer there is no end: it is waited for. Writers that
    /// come and go unseen between two reads end as one.
    stream_result read_some(std::span<std::byte> buffer, deadline until);
    stream_result read_all(std::span<std::byte> buffer, deadline until);

    /// To watch. With `report` it may change with each end.
    int fd() const noexcept { return reading_.get(); }

private:
    fifo_reader(descriptor reading, descriptor writing, when_writers_go then) noexcept
        : reading_{std::move(reading)}, writing_{std::move(writing)}, then_{then} {}

    stream_result read_or_end(std::span<std::byte> buffer, deadline until);
    bool can_wait();
    stream_result end();

    descriptor reading_;
    descriptor writing_;  // with `wait_for_next` only
    when_writers_go then_;
    bool read_since_end_ = false;
    descriptor waiting_{};  // of the same pipe, for reads that wait
    bool waits_by_poll_ = false;
};

class fifo_writer {
public:
    /// Opens as soon as somebody reads. No value when the deadline passes first. Throws `error`: no
    /// such name, no named pipe, no rights (to wait for a reader until a deadline takes the right
    /// to read, too).
    static std::optional<fifo_writer> open(const directory& place, std::string_view name,
                                           deadline until);

    /// See stream_io.hpp. Up to `pipe_atomic_bytes` stay together where several write.
    stream_result write_some(std::span<const std::byte> bytes, deadline until);
    stream_result write_all(std::span<const std::byte> bytes, deadline until);

    /// How many bytes wait to be read. Throws `error`.
    std::size_t unread_bytes() const;

    /// Waits until somebody has it open to read, or all was read. False where the deadline passes
    /// first. Throws `error`.
    bool wait_for_taker(deadline until) const;

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return writing_.get(); }

private:
    explicit fifo_writer(descriptor writing) noexcept : writing_{std::move(writing)} {}

    descriptor writing_;
};

}  // namespace signet::os
