// SPDX-License-Identifier: Apache-2.0
// An open directory, and the names in it. Names are looked up in the directory that was opened,
// wherever it is moved meanwhile, and are single: an empty one, "." or "..", or one with a '/' is a
// contract_violation. Errors carry the full path. Any thread; nothing here waits but for the disk.
#pragma once

#include <signet/os/descriptor.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::os {

/// Whose directory it is and what it lies on.
struct directory_facts {
    unsigned owner_uid = 0;
    unsigned mode = 0;      ///< the permission bits, such as 0700
    bool on_tmpfs = false;  ///< in memory, gone with the next boot
    bool writable = false;  ///< this process may make and remove names in it
    bool removed = false;   ///< it has no name any more; nothing can be made in it
};

class directory {
public:
    /// Only the owner may see and change it.
    static constexpr unsigned private_mode = 0700;

    /// Opens what is there; follows symbolic links. Throws `error`.
    static directory open(const std::string& path);

    /// Opens it, or creates it with exactly `mode`, whatever the umask. Its parent must exist. A
    /// symbolic link at the end of `path` is refused. Throws `error`.
    static directory open_or_create(const std::string& path, unsigned mode = private_mode);

    /// The same for a directory in this one. `open_below` has no value where there is none.
    directory open_or_create_below(std::string_view name, unsigned mode = private_mode) const;
    std::optional<directory> open_below(std::string_view name) const;

    /// Asks the kernel. Throws `error`.
    directory_facts facts() const;

    /// All names in it, in no order. Throws `error`.
    std::vector<std::string> list() const;

    /// Gives what `name` names a second name, in `to`. False where that name is taken; then nothing
    /// has changed. Throws `error`.
    bool link(std::string_view name, const directory& to, std::string_view new_name) const;

    /// Renames at one instant; what bore `new_name` before loses it. Throws `error`.
    void rename(std::string_view name, std::string_view new_name) const {
        rename(name, *this, new_name);
    }

    /// The same into `to`, on the same file system. Two names of one thing: nothing happens.
    void rename(std::string_view name, const directory& to, std::string_view new_name) const;

    /// Whether both names are there and mean the same thing. Throws `error`.
    bool is_same(std::string_view name, const directory& to, std::string_view other_name) const;

    /// Whether `name` is there and is a unix socket, bound now or once. Throws `error`.
    bool holds_socket(std::string_view name) const;

    /// Removes a name that is no directory. False where it is absent. Throws `error`.
    bool remove(std::string_view name) const;

    /// Removes an empty directory. False where it is absent or not empty. Throws `error`.
    bool remove_empty_directory(std::string_view name) const;

    /// The path it was opened by, for texts.
    const std::string& path() const noexcept { return path_; }

    /// The path of `name` in it, for texts. Checks the name.
    std::string path_of(std::string_view name) const;

    /// Valid as long as this object.
    int fd() const noexcept { return handle_.get(); }

private:
    directory(descriptor handle, std::string path) noexcept
        : handle_{std::move(handle)}, path_{std::move(path)} {}

    static directory open_or_create_at(int base, const std::string& name, std::string path,
                                       unsigned mode);

    descriptor handle_;
    std::string path_;
};

}  // namespace signet::os
