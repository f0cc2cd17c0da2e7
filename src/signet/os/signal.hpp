// SPDX-License-Identifier: Apache-2.0
// Signals kept away from a thread, or read as events. The signal mask is a thread's own: these
// objects are made and destroyed in the same thread. What arrives while a signal is blocked waits,
// and is delivered when the last of these objects goes.
#pragma once

#include <signet/os/descriptor.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace signet::os {

/// Blocks signals in this thread, and in the threads it starts meanwhile, for its own lifetime.
class blocked_signals {
public:
    /// Blocks all that can be blocked, but for the two the C library needs.
    blocked_signals();

    /// Blocks these numbers (1 to 64; another is a contract_violation).
    explicit blocked_signals(std::span<const int> numbers);

    blocked_signals(const blocked_signals&) = delete;
    blocked_signals& operator=(const blocked_signals&) = delete;

    /// Puts back the mask that was there before.
    ~blocked_signals();

private:
    std::uint64_t before_ = 0;
};

/// Signals as something to read. Block them in every other thread too, or the kernel may deliver
/// them there.
class signal_queue {
public:
    /// Blocks `numbers` in this thread and collects them. Throws `error` at the limit of open
    /// files.
    explicit signal_queue(std::span<const int> numbers);

    /// The number of the next signal; no value where none waits. Equal signals that come close
    /// together are one. Does not block. Throws `error`.
    std::optional<int> try_take();

    /// To watch, in the process that made it. Valid as long as this object.
    int fd() const noexcept { return source_.get(); }

private:
    blocked_signals blocked_;
    descriptor source_;
};

}  // namespace signet::os
