// SPDX-License-Identifier: Apache-2.0
// A POSIX message queue: whole messages with priorities, kept by the kernel under a name until
// somebody removes it. One object belongs to one thread at a time, but any may send; any number of
// processes may send and receive.
//
// A process killed with SIGKILL leaves the queue, its messages and its name as they are: a message
// is in the queue whole or not at all, and who opens the name later finds it. So a name left by a
// killed creator is opened, or removed and created afresh. Waiting is done by poll, on the
// monotonic clock: unlike in mq_timedreceive, setting the time of day does not change a deadline.
//
// A queue without a name is reached through the process that has it open, and goes with the last
// one that has. `try_own` marks a queue with a lock that its holder's death lets go, and that says
// who the holder is.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/fork_guard.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace signet::os {

/// What this kernel allows a process without privileges (CAP_SYS_RESOURCE). No value: unknown, or
/// without limit.
struct posix_queue_limits {
    std::optional<std::uint64_t> messages_max;       ///< in one queue: fs.mqueue.msg_max
    std::optional<std::uint64_t> message_bytes_max;  ///< fs.mqueue.msgsize_max
    std::optional<std::uint64_t> queues_max;         ///< of all users: fs.mqueue.queues_max
    std::optional<std::uint64_t> bytes_max;          ///< of this user's queues: ulimit -q
};

/// Asks the kernel; the limits are those of this IPC namespace.
posix_queue_limits current_posix_queue_limits();

/// What is chosen when a queue is made, and holds for its life.
struct posix_queue_geometry {
    std::size_t messages_max = 10;
    std::size_t message_bytes_max = 8192;

    friend bool operator==(const posix_queue_geometry&, const posix_queue_geometry&) = default;
};

/// What was received: it fills the front of the buffer.
struct posix_message {
    std::size_t bytes = 0;
    unsigned priority = 0;

    friend bool operator==(const posix_message&, const posix_message&) = default;
};

/// A queue as another process is told of it: a descriptor of ours, and what it must turn out to be.
struct posix_queue_place {
    int pid = 0;
    int descriptor = -1;
    std::uint64_t inode = 0;
};

class posix_queue {
public:
    static constexpr unsigned priority_max = 32767;
    static constexpr unsigned private_mode = 0600;

    /// Makes a queue whose name nobody has; who may use it is exactly `mode`, whatever the umask.
    /// `name` has no '/' but perhaps at its front. The name goes with this object, in the process
    /// that made it, unless `keep_name` is called. Throws `error`: the name is taken or no name, a
    /// limit, which the text names with its value. Zeros in `geometry` are a contract_violation.
    static posix_queue create(const std::string& name, const posix_queue_geometry& geometry = {},
                              unsigned mode = private_mode);

    /// Opens a queue that is there. Throws `error` where it is not, or is not ours to use.
    static posix_queue open(const std::string& name);

    /// Removes a name; the queue lives on for those who have it open. False where it is absent.
    /// Throws `error`.
    static bool remove(const std::string& name);

    /// Makes one that has a name only in the instant it is made, so that a killed process leaves
    /// nothing. One killed in that very instant leaves `passing_name`, which the next maker that
    /// uses it removes: all makers of a user use the same. Throws `error` as create.
    static posix_queue create_unnamed(const std::string& passing_name,
                                      const posix_queue_geometry& geometry);

    /// Opens a queue that a process of this user has open, through /proc. No value where it is not
    /// there, not ours to open, or not what `at` says. Throws `error` at the limit of open files.
    static std::optional<posix_queue> open_at(const posix_queue_place& at);

    /// Where another process of this user finds it, as long as this object. Throws `error`.
    posix_queue_place place() const;

    posix_queue(posix_queue&&) noexcept = default;
    posix_queue& operator=(posix_queue&& other) noexcept;
    ~posix_queue();

    /// Sends one message, before all of a lower priority and behind those of the same; waits for
    /// room. False when the deadline passes. Throws `error`: too large. A priority above
    /// priority_max is a contract_violation.
    bool send(std::span<const std::byte> message, unsigned priority, deadline until);
    bool try_send(std::span<const std::byte> message, unsigned priority = 0);

    /// Receives the oldest message of the highest priority; no value when the deadline passes.
    /// Throws `error` where `buffer` is smaller than the queue's largest message, and takes none.
    std::optional<posix_message> receive(std::span<std::byte> buffer, deadline until);
    std::optional<posix_message> try_receive(std::span<std::byte> buffer);

    /// The same, waiting for as long as it takes, in one call. After `wait_in_calls` only.
    void send(std::span<const std::byte> message, unsigned priority);
    posix_message receive(std::span<std::byte> buffer);

    /// Allows the waits above. The other members do not wait longer for it.
    void wait_in_calls();

    /// Takes all that was in it when this began, and throws it away. Any thread.
    void drain() noexcept;

    /// Marks it as in use by this object, until `disown`, or the end of this process and of those
    /// it forked. False where another object has. Throws `error`.
    bool try_own();
    void disown() noexcept;

    /// Whether another object than this one has marked it.
    bool is_owned() const;

    /// The pid of who has, as it says; none: nobody, or it does not say. Throws `error`.
    std::optional<int> owner() const;

    /// Who made it, by the kernel's word: its uid and gid.
    std::pair<unsigned, unsigned> maker() const;

    /// Whether its name still names this queue.
    bool bears_name() const;

    /// Has the kernel send this process signal `number` (of a `signal_queue`), once, when a message
    /// comes into the empty queue. Watching `fd` does the same for any number of processes. Throws
    /// `error`: another process asked for it already.
    void notify_by_signal(int number);
    void stop_notifying();

    posix_queue_geometry geometry() const noexcept { return geometry_; }

    /// How many messages are in it now. Throws `error`.
    std::size_t size() const;

    /// Leaves the name to others when this object goes.
    void keep_name() noexcept { owned_ = false; }

    const std::string& name() const noexcept { return name_; }

    /// Readable while there is a message, writable while there is room. Valid as long as this
    /// object.
    int fd() const noexcept { return queue_.get(); }

private:
    posix_queue(descriptor queue, std::string name, bool owned);

    static posix_queue adopt(descriptor queue, std::string name);
    void remove_own_name() noexcept;
    long put(std::span<const std::byte> message, unsigned priority, const void* timeout);
    long take(std::span<std::byte> buffer, unsigned& priority, const void* timeout);

    descriptor queue_;
    std::string name_;
    bool owned_;
    made_in_process here_;
    posix_queue_geometry geometry_;
};

}  // namespace signet::os
