// SPDX-License-Identifier: Apache-2.0
// An open regular file, read and written at positions: there is no shared offset, so any thread may
// use one file at once. Partial transfers and interruptions are not seen: a read fills its buffer
// or meets the end of the file, a write writes all or throws. A write over the limit of file sizes
// is an error and not the signal SIGXFSZ, unless that limit is lowered in the same moment.
//
// Errors are `error` with the path. Who is killed while writing leaves the first part of what it
// wrote (record_file.hpp makes that whole); `replace_file` of
// replace_file.hpp leaves the old content or the new. What
// was written survives the process, and the machine only after `sync`.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/file_place.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace signet::os {

/// Memory that begins where a disk may want it to, for what is written past the page cache.
template <class Value>
struct direct_allocator {
    using value_type = Value;
    static constexpr std::align_val_t alignment{4096};

    direct_allocator() = default;
    template <class Other>
    explicit direct_allocator(const direct_allocator<Other>& /*other*/) noexcept {}
    Value* allocate(std::size_t count) {
        return static_cast<Value*>(::operator new(count * sizeof(Value), alignment));
    }
    void deallocate(Value* memory, std::size_t /*count*/) noexcept {
        ::operator delete(memory, alignment);
    }
    bool operator==(const direct_allocator&) const = default;
};
using direct_buffer = std::vector<std::byte, direct_allocator<std::byte>>;

enum class file_access { read_only, read_write };

struct file_facts {
    std::uint64_t bytes = 0;
    std::uint64_t allocated_bytes = 0;  ///< less than `bytes`: it has holes
    unsigned owner_uid = 0;
    unsigned mode = 0;   ///< the permission bits, such as 0600
    unsigned names = 0;  ///< 0: it has been removed or replaced
};

class file {
public:
    /// Only the owner may see and change it.
    static constexpr unsigned private_mode = 0600;

    /// Opens what is there; a symbolic link at the end of the path, and what is no regular file, is
    /// refused. Throws `error`.
    static file open(const file_place& place, file_access access = file_access::read_write);

    /// The same; no value where there is none.
    static std::optional<file> try_open(const file_place& place,
                                        file_access access = file_access::read_write);

    /// Creates it empty, with exactly `mode`, whatever the umask. Throws `error` where it exists.
    static file create(const file_place& place, unsigned mode = private_mode);

    /// The same; no value where it exists.
    static std::optional<file> try_create(const file_place& place, unsigned mode = private_mode);

    /// Opens it or creates it, whoever comes first.
    static file open_or_create(const file_place& place, unsigned mode = private_mode);

    /// Creates it with `bytes` zeros that have room behind them, and gives it its name only then:
    /// nobody ever opens it smaller, and who is killed meanwhile leaves nothing. Throws `error`
    /// where it exists, is too large for the disk, or the file system has no unnamed files.
    /// `fill`, if any, is called before it has its name.
    static file create_sized(const file_place& place, std::uint64_t bytes,
                             unsigned mode = private_mode,
                             const std::function<void(const file&)>& fill = {});

    /// Creates it with `bytes` zeros that have room behind them, and without a name, in the
    /// directory of `place`: with its last user it is gone. Throws `error` as create_sized.
    static file create_unnamed(const file_place& place, std::uint64_t bytes);

    /// Gives an unnamed file its name and exactly `mode`, whatever the umask. Throws `error` where
    /// that name exists.
    void give_name(const file_place& place, unsigned mode = private_mode) const;

    /// Opens what `fd` is, a file with or without a name, once more: with a position and locks of
    /// its own, to read and write. Throws `error`.
    static file open_again(int fd);

    /// Opens the same file once more, so that what is written goes to the disk past the page cache
    /// (O_DIRECT). Positions and lengths are to be multiples of `unit`, memory a `direct_buffer`.
    /// No value where the file system cannot, does not say whether it can, or wants larger units.
    std::optional<file> try_open_direct(std::size_t unit) const;

    /// Fills `buffer` from `position` on; returns how many bytes there were, fewer only at the end
    /// of the file.
    std::size_t read_at(std::uint64_t position, std::span<std::byte> buffer) const;

    /// Writes all of `bytes`. Where it throws, a first part may have been written.
    void write_at(std::uint64_t position, std::span<const std::byte> bytes) const;

    /// Cuts it, or lengthens it by a hole.
    void resize(std::uint64_t bytes) const;

    /// Puts room behind a range, and lengthens the file to hold it, so that writing there, through
    /// a mapping too, cannot meet a full disk. Throws `error`: no room, or the file system cannot.
    void allocate(std::uint64_t position, std::uint64_t bytes) const;

    /// Returns when all that was written is on the disk. Throws `error` where it could not be
    /// brought there; what was written since the last `sync` is then to be written anew.
    void sync() const;

    file_facts facts() const;
    std::uint64_t size() const { return facts().bytes; }

    /// Whether the place names this very file: false where it was removed, renamed or replaced.
    bool is_at(const file_place& place) const;

    /// The path it was opened by, for texts.
    const std::string& path() const noexcept { return path_; }

    /// Valid as long as this object.
    int fd() const noexcept { return handle_.get(); }
    const descriptor& handle() const noexcept { return handle_; }

private:
    file(descriptor handle, std::string path) noexcept
        : handle_{std::move(handle)}, path_{std::move(path)} {}

    static file take(long number, const file_place& place);

    descriptor handle_;
    std::string path_;
};

/// Reads the whole of a file. No value where there is none. Throws `error`, and where it is longer
/// than `bytes_max`.
std::optional<std::string> read_file(const file_place& place, std::size_t bytes_max);

/// Returns when the name itself, made or changed before, is on the disk. Throws `error`.
void sync_name(const file_place& place);

/// Removes a file's name. False where there is none. Throws `error`.
bool remove_file(const file_place& place);

}  // namespace signet::os
