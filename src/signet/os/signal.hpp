// SPDX-License-Identifier: Apache-2.0
// Signals kept away from a thread, or read as events. The signal mask is a thread's own: these
// objects are made and destroyed in the same thread. What arrives while a signal is blocked waits,
// and is delivered when the last of these objects goes.
//
// Standard signals (below real_time_signal(0)) merge: sent twice before it is taken, one comes
// once, with what the first sender said. Real-time signals queue, each with its value, oldest
// first, the lower number before the higher; up to the limit of the receiving user
// (RLIMIT_SIGPENDING). What waits dies with its receiver; what was sent before its sender was
// killed arrives. Who sent a signal is what the sender says where it was queued with a value: do
// not take it for proof.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>

#include <cstddef>
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

/// What becomes of a signal that nothing in this process handles.
enum class disposition : std::uintptr_t { by_default = 0, ignored = 1 };

/// Has the signal meet that in the whole process. Answers zero or the negative error number.
long set_disposition(int number, disposition what) noexcept;

/// The number of the `index`-th real-time signal, 0 to 30; another index is a contract_violation.
int real_time_signal(int index);

/// A signal as it was taken.
struct signal_info {
    int number = 0;
    int pid = 0;              ///< of the sender, as seen from here; 0: the kernel, or unknown
    unsigned uid = 0;         ///< of the sender
    std::uint64_t value = 0;  ///< an int that was sent by sigqueue() is in its lower half
    int code = 0;             ///< si_code: why it was sent

    /// Whether it was sent with a value, by `queue_signal` or sigqueue().
    bool has_value() const noexcept { return code == queued; }

    static constexpr int queued = -1;  ///< SI_QUEUE
};

/// How many signals may wait for processes of a user.
struct signal_limits {
    std::uint64_t waiting = 0;  ///< now, for all processes of this user
    std::uint64_t max = 0;      ///< for this process (RLIMIT_SIGPENDING, ulimit -i)
};

/// Asks the kernel. Throws `error`.
signal_limits current_signal_limits();

/// Sends process `pid` a signal that carries `value`. False where there is no such process. Throws
/// `error`: not permitted; as many signals wait as the receiver's limit allows. A pid may have come
/// to mean another process meanwhile: `process::queue_signal` cannot hit a wrong one.
bool queue_signal(int pid, int number, std::uint64_t value);

/// What both ways of sending with a value have in common.
class queued_signal {
public:
    queued_signal(int number, std::uint64_t value);

    /// A siginfo_t, for the kernel. Valid as long as this object.
    const void* get() const noexcept { return &bytes_; }

    /// Whether it was sent; false where the receiver is gone. Fails for another `result`.
    static bool sent(long result, int number);

private:
    alignas(8) std::byte bytes_[128] = {};
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

    /// The next signal, and who sent it. No value where none waits; `receive` waits for one until
    /// the deadline. Throws `error`.
    std::optional<signal_info> try_receive();
    std::optional<signal_info> receive(deadline until);

    /// To watch, in the process that made it. Valid as long as this object.
    int fd() const noexcept { return source_.get(); }

private:
    blocked_signals blocked_;
    descriptor source_;
};

}  // namespace signet::os
