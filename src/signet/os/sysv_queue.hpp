// SPDX-License-Identifier: Apache-2.0
// A System V message queue: whole messages with a type each, kept by the kernel until the queue is
// removed or the machine stops. One object belongs to one thread at a time; any number of processes
// may send and receive.
//
// A process killed with SIGKILL leaves the queue and its messages, each whole or absent; nobody is
// told. Removal is told to all: who waits, or comes later, gets `removed`. Waiting: the kernel
// offers a wait without end only, on no descriptor, which nothing but a signal's handler ends, and
// a library installs none. `receive` with a deadline therefore waits beside a short-lived process
// of its own, which looks without taking. For room nobody can look so, hence `send` has no
// deadline: who must give up uses `try_send`, or another mechanism.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/fork_guard.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace signet::os {

/// What this kernel allows, in this IPC namespace. No value: unknown.
struct sysv_queue_limits {
    std::optional<std::uint64_t> message_bytes_max;   ///< kernel.msgmax
    std::optional<std::uint64_t> capacity_bytes_max;  ///< of a new queue: kernel.msgmnb
    std::optional<std::uint64_t> queues_max;          ///< kernel.msgmni
};

sysv_queue_limits current_sysv_queue_limits();

/// A key made of a file that is there and a number, as ftok does. Different files may give the same
/// key, and a file made anew gives another one: agree on a number instead where you can. Throws
/// `error`.
int sysv_key_of(const std::string& path, std::uint8_t project);

struct sysv_queue_options {
    std::size_t capacity_bytes = 0;  ///< of all messages together; 0: what kernel.msgmnb says
    unsigned mode = 0600;            ///< who may use it, exactly
};

/// Which messages to receive. Types are at least 1; another is a contract_violation.
class sysv_types {
public:
    static sysv_types any() noexcept { return sysv_types{0, false}; }
    static sysv_types exactly(long type) { return sysv_types{checked(type), false}; }
    static sysv_types all_but(long type) { return sysv_types{checked(type), true}; }

    /// The oldest of the lowest type there is, up to `type`.
    static sysv_types lowest_up_to(long type) { return sysv_types{-checked(type), false}; }

    long selector() const noexcept { return selector_; }
    bool inverted() const noexcept { return inverted_; }

private:
    sysv_types(long selector, bool inverted) noexcept : selector_{selector}, inverted_{inverted} {}

    static long checked(long type);

    long selector_;
    bool inverted_;
};

enum class sysv_outcome {
    done,
    not_now,  ///< full, empty, or the deadline passed
    removed,  ///< there is no such queue any more
};

/// What was received: it fills the front of the buffer.
struct sysv_message {
    sysv_outcome outcome = sysv_outcome::done;
    long type = 0;
    std::size_t bytes = 0;

    friend bool operator==(const sysv_message&, const sysv_message&) = default;
};

/// As of now.
struct sysv_queue_facts {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    std::size_t capacity_bytes = 0;
    int last_sender = 0;  ///< a pid, 0 where nobody has sent
    int last_receiver = 0;
    unsigned owner_uid = 0;
    unsigned mode = 0;
};

class sysv_queue {
public:
    /// Makes a queue under a key that nobody has. It goes with this object, in the process that
    /// made it, unless `keep` is called. Throws `error`: the key is taken; a limit, which the text
    /// names with its value. Key 0 is a contract_violation.
    static sysv_queue create(int key, const sysv_queue_options& options = {});

    /// The same without a key: for those who are told its id.
    static sysv_queue create_private(const sysv_queue_options& options = {});

    /// Opens what is there. Throws `error` where nothing is.
    static sysv_queue open(int key);
    static sysv_queue open_id(int id);

    /// The same for an id that may mean nothing any more: what uses it is `removed` then.
    static sysv_queue of_id(int id);

    sysv_queue(sysv_queue&&) noexcept;
    sysv_queue& operator=(sysv_queue&& other) noexcept;
    ~sysv_queue();

    /// Sends a message; waits for room until there is some or the queue is removed, in one call
    /// where one of that size was sent before. Throws `error` where the message is too large. A
    /// type below 1 is a contract_violation.
    sysv_outcome send(long type, std::span<const std::byte> message);
    sysv_outcome try_send(long type, std::span<const std::byte> message);

    /// Receives the first message that `types` chooses. A message that is larger than `buffer` is
    /// not cut: it stays, and the text of the `error` says so. With a deadline other than `never`
    /// each wait makes a process (a fork, so its cost grows with this process's memory).
    sysv_message receive(const sysv_types& types, std::span<std::byte> buffer, deadline until);
    sysv_message try_receive(const sysv_types& types, std::span<std::byte> buffer);

    /// Waits, as long as it takes, until there is a message that `types` chooses, and leaves it
    /// there (`not_now`) unless it is empty: that one is taken (`done`, with its type).
    sysv_message wait(const sysv_types& types);

    /// Copies the message at `position` from the front, and leaves it there. Throws `error` with
    /// errc::unsupported where the kernel has no MSG_COPY.
    sysv_message peek(std::size_t position, std::span<std::byte> buffer);

    /// No value where it was removed. Throws `error`: not ours to read.
    std::optional<sysv_queue_facts> facts() const;

    /// Removes it for all. False where it is gone. Throws `error`: only its owner may.
    bool remove();

    /// Leaves it to others when this object goes.
    void keep() noexcept { owned_ = false; }

    int id() const noexcept { return id_; }

private:
    sysv_queue(int id, std::string name, bool owned);

    static sysv_queue make(int key, std::string name, const sysv_queue_options& options);

    void set_capacity(std::size_t bytes);
    long put(long type, std::span<const std::byte> message, int flags);
    sysv_message take(long selector, int flags, std::span<std::byte> buffer);
    sysv_outcome outcome_of_send(long result, std::size_t bytes);
    void refuse_beyond_capacity(std::size_t bytes) const;
    void refuse_beyond_setting(std::size_t bytes) const;

    int id_;
    std::string name_;  // for texts
    bool owned_;
    made_in_process here_;
    std::vector<std::byte> copy_;  // a message as the kernel wants it, behind its type
    std::size_t fitting_ = 0;      // so many bytes are known to have room once others are taken
};

}  // namespace signet::os
