// SPDX-License-Identifier: Apache-2.0
// A named pipe, found but not opened: it is known to be one, and its ends can be opened without
// looking the name up again. Any thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>

#include <string>
#include <string_view>

namespace signet::os {

class fifo_name {
public:
    /// Throws `error` where there is no such name in `place`, or it is no named pipe.
    fifo_name(const directory& place, std::string_view name);

    /// Opens the pipe with the kernel's `flags` (O_RDONLY ...): what the kernel says. It must not
    /// wait.
    long try_open(int flags) const;

    /// The same; throws `error`.
    descriptor open(int flags) const { return check_open(try_open(flags)); }

    /// Takes over what `try_open` answered, or throws `error`.
    descriptor check_open(long number) const;

    /// Whether `name` in the directory `place` is this very pipe.
    bool is_at(int place, const std::string& name) const;

    unsigned owner_uid() const noexcept { return owner_uid_; }

    /// For texts.
    const std::string& path() const noexcept { return path_; }

    /// A path to this very pipe, for this process. Valid as long as this object.
    std::string link() const;

private:
    std::string path_;
    descriptor handle_;
    unsigned owner_uid_ = 0;
};

/// Opens the pipe behind `fd` once more, with flags of its own. Throws `error`.
descriptor reopen_pipe(int fd, int flags);

}  // namespace signet::os
