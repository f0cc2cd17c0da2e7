// SPDX-License-Identifier: Apache-2.0
// One co_await of a loop that is under way: what it waits for, until when, and what may end it.
// It lives in the frame of its coroutine, and leaves the loop when that is destroyed.
//
// Thread safety: the loop's thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/epoll.hpp>
#include <signet/transport/wait_engine.hpp>

#include <atomic>
#include <coroutine>
#include <exception>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>

namespace signet {
class loop;
}

namespace signet::face {

class pending {
public:
    pending(const pending&) = delete;
    pending& operator=(const pending&) = delete;

protected:
    pending(loop& in, const transport::patience& limit) : loop_{in}, limit_{limit} {}
    virtual ~pending();

    /// Looks for what is waited for; true: here it is. Called before there is a need to wait, and
    /// then whenever it may be there.
    virtual bool look() = 0;

    /// The deadline has passed.
    virtual void expire() {}

    /// Looks once, unless everything stopped or others have to have a turn. Whether the coroutine
    /// can go on at once.
    bool look_first();

    /// Has the coroutine wait, for an endpoint, a descriptor, or its deadline only.
    void wait_for(std::coroutine_handle<> who, std::unique_ptr<transport::waitable> what);
    void wait_for(std::coroutine_handle<> who, int fd, os::interest wanted);
    void wait_for_deadline(std::coroutine_handle<> who);

    /// Has the loop look again. Any thread, while this waits.
    void ask_again() noexcept;

    /// What look() threw.
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    friend signet::loop;
    using timers = std::multimap<deadline, pending*>;

    struct poking {
        loop* whom;
        void operator()() const;
    };

    bool try_look() noexcept;
    bool stopped() const;
    void enlist(std::coroutine_handle<> who);
    void leave();

    loop& loop_;
    transport::patience limit_;
    std::coroutine_handle<> who_;
    std::exception_ptr failure_;
    std::optional<std::list<pending*>::iterator> place_;  ///< none: it does not wait
    std::optional<timers::iterator> timer_;
    std::optional<transport::wait_key> key_;
    std::atomic<bool> again_{false};
    bool looked_ = false;        ///< once, and found nothing
    os::descriptor descriptor_;  ///< a duplicate, for a set takes a descriptor once
    std::optional<std::stop_callback<poking>> stopper_;
};

}  // namespace signet::face
