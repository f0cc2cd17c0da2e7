// SPDX-License-Identifier: Apache-2.0
// Waiting for one descriptor, without a set. Any thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/readiness.hpp>

#include <cstddef>
#include <span>

namespace signet::os {

/// Waits until `fd` is readable or its other side has ended; false where the deadline passes first.
/// A deadline in the past asks without waiting. Signals do not end it. Throws `error`.
bool wait_readable(int fd, deadline until);

/// The same for room to write.
bool wait_writable(int fd, deadline until);

/// One of several descriptors that are waited for.
struct awaited {
    int fd = -1;  ///< -1: none
    readiness wanted = readiness::readable;
};

/// The most that are waited for together so; an epoll set takes more.
inline constexpr std::size_t awaited_max = 8;

/// Waits until one of them is ready or its other side has ended; false where the deadline passes
/// first. More than `awaited_max` are a contract_violation.
bool wait_any_ready(std::span<const awaited> all, deadline until);

}  // namespace signet::os
