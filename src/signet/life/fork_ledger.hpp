// SPDX-License-Identifier: Apache-2.0
// Which descriptors a forked child must close: a socket that lives on in a child would keep its
// dead parent's name alive. Any thread; lock-free, because fork may happen at any moment.
#pragma once

#include <signet/os/descriptor.hpp>

namespace signet::life {

/// Has the child of a later fork close `fd`. Numbers from 65536 on are not noted, and
/// a death is then told by the pidfd alone.
void close_in_forked_child(int fd) noexcept;

/// Takes that back; call before closing `fd`.
void keep_in_forked_child(int fd) noexcept;

/// Has it closed in forked children as long as this lives. Stands behind the descriptor's owner.
class closed_in_forked_child {
public:
    explicit closed_in_forked_child(int fd) noexcept : fd_{fd} { close_in_forked_child(fd); }
    ~closed_in_forked_child() { keep_in_forked_child(fd_); }
    closed_in_forked_child(const closed_in_forked_child&) = delete;
    closed_in_forked_child& operator=(const closed_in_forked_child&) = delete;

private:
    int fd_;
};

}  // namespace signet::life
