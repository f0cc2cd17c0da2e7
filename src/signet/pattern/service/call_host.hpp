// SPDX-License-Identifier: Apache-2.0
// Who has connections that calls travel on, and the threads that read them: a client, or a server.
// What a thread of its waits for (an answer, an item of a stream, leave to send one) is an
// `awaited`.
//
// Thread safety: all is under the host's mutex. Whoever waits for something is its `waiter`: a
// thread, or a coroutine of a loop.
#pragma once

#include <signet/life/short_lock.hpp>
#include <signet/life/waiting.hpp>
#include <signet/pattern/service/rpc_line.hpp>
#include <signet/transport/topic.hpp>
#include <signet/transport/waitable.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace signet::pattern {

class call_session;
class incoming_call;
class outgoing_stream;

/// Somebody who waits for one thing.
class call_waiter {
public:
    call_waiter() = default;
    virtual ~call_waiter() = default;
    call_waiter(const call_waiter&) = delete;
    call_waiter& operator=(const call_waiter&) = delete;

    /// It may be there; or nobody reads, and it is this one's turn. Called under the mutex.
    virtual void wake() noexcept = 0;
};

/// A thread that sleeps meanwhile.
class waiting_thread final : public call_waiter {
public:
    void wake() noexcept override { notice_.post(); }

    /// Sleeps until it is woken after `since`, or the patience ends.
    void sleep(const os::futex_waiter& since, const transport::patience& limit);
    os::futex_waiter watch() const { return notice_.watch(); }

private:
    life::notice notice_;
};

class awaited {
public:
    awaited() = default;
    awaited(const awaited&) = delete;
    awaited& operator=(const awaited&) = delete;

    /// Whether waiting for it is over.
    virtual bool there() const noexcept = 0;

    call_waiter* waiter = nullptr;

protected:
    virtual ~awaited() = default;

    void tell() noexcept {
        if (waiter != nullptr) waiter->wake();
    }
};

/// Of who waits for nothing of a connection.
class nothing_awaited final : public awaited {
public:
    bool there() const noexcept override { return false; }
};

class call_host {
public:
    using lock = std::unique_lock<life::short_lock>;

    call_host() = default;
    virtual ~call_host() = default;
    call_host(const call_host&) = delete;
    call_host& operator=(const call_host&) = delete;

    life::short_lock& mutex() const noexcept { return mutex_; }

    /// Sends one frame on a connection of this host, without the mutex. What a host cannot send at
    /// once it keeps, or waits for room. False: the connection has ended, and nothing was sent.
    /// Throws call_error where the patience ends first, or the frame is too large.
    virtual bool send(call_session& on, std::string_view method, const outgoing_frame& frame,
                      const transport::patience& limit) = 0;

    /// Sends frames on a connection of this host, without waiting, and without the mutex: what the
    /// carrier does not take at once is kept. Throws `error` (too_large, unsupported).
    virtual void tell(call_session& on, const outgoing_frame& frame) = 0;

    /// Waits until `what`, of that connection, is there, or the patience ends; the mutex is held
    /// before and after.
    virtual void await(lock& locked, call_session& on, awaited& what,
                       const transport::patience& limit) = 0;

    /// For who waits without a thread: does what can be done for `what` at once, and whether it is
    /// there; with the mutex held before and after.
    virtual bool try_await(lock& locked, call_session& on, const awaited& what) = 0;

    /// For the same: `who` is woken when `what` may be there, or it is its turn to read, until it
    /// is taken back. What tells meanwhile of something to read; null: somebody else reads. With
    /// the mutex held.
    virtual std::unique_ptr<transport::waitable> enlist(call_waiter& who, call_session& on,
                                                        awaited& what) = 0;
    virtual void take_back(call_waiter& who, call_session& on, awaited& what) = 0;

    /// Has a stream that may be written on be pumped. With the mutex held.
    virtual void resume(std::shared_ptr<outgoing_stream> stream) = 0;

    /// Answers a call that a method was run for; once. From any thread.
    virtual void reply(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
                       const std::vector<std::byte>& result) = 0;

    /// A call that runs wants to be told when it is cancelled: from now on somebody reads.
    virtual void attend(incoming_call&) {}

    /// How many open files whoever a call goes to now takes with one; a host of many connections
    /// does not know.
    virtual std::size_t files_max() { return 0; }

    /// For a function that may be called back, or a stream: no other one of this host has it.
    std::uint32_t new_number() noexcept {
        return numbers_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a number alone
    }

protected:
    mutable life::short_lock mutex_;

private:
    std::atomic<std::uint32_t> numbers_{1};
};

}  // namespace signet::pattern
