// SPDX-License-Identifier: Apache-2.0
// Waiting for a file to change, by inotify. What it says is a hint: look at the file again, and
// before the first wait too. It notices writes, cuts, a rename, removal or replacement of the file;
// not stores through a mapping, and nothing that another machine does on a network file system.
// One object belongs to one thread at a time. Each takes one of the user's inotify instances, of
// which there are few (fs.inotify.max_user_instances, often 128).
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/file.hpp>

#include <cstdint>
#include <optional>

namespace signet::os {

class file_watch {
public:
    /// Watches an open file, whatever it is called. Throws `error` at the limits, which the text
    /// names.
    explicit file_watch(const file& watched);

    /// Waits until something has happened since the last `drain`. False where the deadline passes
    /// first. Throws `error`.
    bool wait(deadline until) const;

    /// Forgets what happened so far; returns whether anything did. Drain before you look, so that
    /// nothing that comes meanwhile is forgotten. Does not block. Throws `error`.
    bool drain();

    /// To watch: readable while something was not drained. Valid as long as this object.
    int fd() const noexcept { return queue_.get(); }

private:
    descriptor queue_;
};

/// The limits of the kernel on watching files, for one user; no value where they cannot be read.
struct watch_limits {
    std::optional<std::uint64_t> instances_max{};  ///< objects of `file_watch`
    std::optional<std::uint64_t> watches_max{};    ///< files watched
};

watch_limits current_watch_limits();

}  // namespace signet::os
