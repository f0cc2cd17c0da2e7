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

}  // namespace signet::life
