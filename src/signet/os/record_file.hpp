// SPDX-License-Identifier: Apache-2.0
// A file of records that several processes append to and read, such as a log or a journal. A record
// is read whole or not at all, in one order for everybody, by any number of readers, each from
// where it likes; it stays until the file is cleared.
//
// Writers exclude each other by a lock on the file's first bytes, which the kernel lets go when its
// holder dies; readers take no lock. A writer that is killed leaves its last record whole or leaves
// a first part of it, which readers do not pass and the next writer cuts off; a writer that is
// stopped in the middle of `append` keeps the others waiting (`try_append` does not wait). A killed
// reader leaves nothing. What is damaged in the middle is an `error`, never skipped or cut off.
//
// One object belongs to one thread at a time; several objects may have the same file open, in one
// process too. A forked child may not use the writer it inherits: it shares its parent's lock.
// Throws `error`: no room (the record is then not there), no rights, no record file.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/file.hpp>
#include <signet/os/file_watch.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/record_frame.hpp>
#include <signet/os/replace_file.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::os {

/// Where a record begins. Fit to be remembered, as long as the file is not cleared or replaced.
enum class record_position : std::uint64_t { first = sizeof(record_file_header) };

class record_writer {
public:
    /// Opens it or creates it, whoever comes first. With `durability::host_crash` each append
    /// returns when the record is on the disk.
    explicit record_writer(const file_place& place, durability wanted = durability::process_crash);

    /// Creates it; throws `error` where it exists.
    static record_writer create(const file_place& place,
                                durability wanted = durability::process_crash);

    /// Opens it; throws `error` where it does not.
    static record_writer open(const file_place& place,
                              durability wanted = durability::process_crash);

    /// Appends a record of up to `record_bytes_max` bytes, none included; returns where it lies.
    /// Waits for other writers. Where it throws, the record is not there. The first append of an
    /// object reads through what is there.
    record_position append(std::span<const std::byte> payload);

    /// The same; no value where another writer is at work. Never waits but for the disk.
    std::optional<record_position> try_append(std::span<const std::byte> payload);

    /// Takes all records away, for everybody; readers are told. Waits for other writers.
    void clear();

    const file& content() const noexcept { return content_; }

private:
    record_writer(file content, durability wanted) noexcept
        : content_{std::move(content)}, wanted_{wanted} {}

    record_position append_locked(std::span<const std::byte> payload);
    void write_at_end(std::span<const std::byte> payload);
    void write_fresh_header();
    void find_end();
    void check_usable(std::size_t payload_bytes) const;

    file content_;
    durability wanted_;
    std::uint64_t id_ = 0;
    std::uint64_t end_ = 0;  ///< of the records this object has seen; 0: none yet
    std::vector<std::byte> bytes_;
    made_in_process here_;
};

/// What a look at the file brought.
enum class reading {
    record,     ///< the next record: see `record()`
    none,       ///< nothing new yet
    truncated,  ///< what we had read is gone, cleared or cut: `rewind` to go on
    replaced,   ///< all is read, and the name is another file's or nobody's: `reopen` to go on
};

class record_reader {
public:
    /// Opens it, to read from `from` on. Throws `error` where there is no file.
    explicit record_reader(const file_place& place, record_position from = record_position::first);

    /// Takes the next record, if there is one. Does not wait. Throws `error` for damage, which it
    /// does not pass.
    reading try_next();

    /// Waits for one, or for the file to be cut or replaced; `none` when the deadline passes.
    reading next(deadline until);

    /// The record taken last. Valid until the next call that is not const.
    std::span<const std::byte> record() const noexcept { return payload_; }

    /// Where the next one begins; to go on from there in another process, or another time.
    record_position position() const noexcept { return record_position{position_}; }

    /// Starts again with the first record.
    void rewind() noexcept;

    /// Goes on with the first record of the file that has the name now. False where none has.
    bool reopen();

    /// To watch: readable when there may be something new; then call `try_next` until it brings
    /// nothing. Valid until `reopen` or the end of this object. Throws `error` at the limits of
    /// inotify.
    int fd();

    const file& content() const noexcept { return content_; }

private:
    reading look();
    reading look_at_damage();
    reading take_record(const record_reading& found);

    file_place place_;
    file content_;
    std::uint64_t position_;
    std::optional<std::uint64_t> id_{};  ///< of the file as we read it; none: not begun
    std::optional<file_watch> watch_{};
    std::vector<std::byte> payload_;
};

}  // namespace signet::os
