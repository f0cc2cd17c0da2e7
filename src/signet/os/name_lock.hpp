// SPDX-License-Identifier: Apache-2.0
// A name in a directory that one living process owns: a lock on the file `<name>.lock` beside it,
// which the kernel lets go when its owner dies, however that happens. Any thread. What a SIGKILL
// leaves is the file, unlocked, which the next owner takes over. Forked children that do not exec
// hold the lock too.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>

#include <string>
#include <string_view>

namespace signet::os {

class name_lock {
public:
    /// Throws `error`: a living process owns `name`, no rights, no room.
    name_lock(const directory& place, std::string_view name);

    /// Whether a living process owns `name` now; it is not told. Throws `error`.
    static bool is_held(const directory& place, std::string_view name);

    name_lock(name_lock&&) noexcept = default;
    name_lock& operator=(name_lock&&) = delete;

    /// Removes the file and lets the lock go.
    ~name_lock();

    /// The directory, open as long as this object.
    int place() const noexcept { return place_.get(); }

private:
    descriptor place_;
    std::string file_;
    descriptor lock_;
};

}  // namespace signet::os
