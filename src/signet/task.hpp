// SPDX-License-Identifier: Apache-2.0
// `task<T>`: a coroutine that yields one T, or nothing. It does nothing until it is awaited by
// another one, or spawned on a loop; what it throws goes to whoever awaits it.
//
// Thread safety: one thread. A task owns its coroutine: destroyed, it takes along everything that
// lives in it, wherever it is suspended. What a coroutine takes by reference must outlive it.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace signet {

template <class T = void>
class task;

namespace face {

/// What the coroutines of all tasks share.
class task_promise_base {
public:
    std::suspend_always initial_suspend() const noexcept { return {}; }

    /// Goes on with whoever awaits this task, without growing the stack where the compiler
    /// optimizes.
    struct handing_back {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
            return done.promise().next_;
        }
        void await_resume() const noexcept {}
    };
    handing_back final_suspend() const noexcept { return {}; }

    void unhandled_exception() noexcept { failure_ = std::current_exception(); }
    void go_on_with(std::coroutine_handle<> next) noexcept { next_ = next; }

protected:
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    std::coroutine_handle<> next_ = std::noop_coroutine();
    std::exception_ptr failure_;
};

template <class T>
class task_promise final : public task_promise_base {
public:
    task<T> get_return_object() noexcept;

    template <class Value>
        requires std::is_convertible_v<Value&&, T>
    void return_value(Value&& value) {
        value_.emplace(std::forward<Value>(value));
    }

    T result() {
        rethrow();
        return std::move(*value_);
    }

private:
    std::optional<T> value_;
};

template <>
class task_promise<void> final : public task_promise_base {
public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void result() const { rethrow(); }
};

}  // namespace face

template <class T>
class [[nodiscard]] task {
    static_assert(!std::is_reference_v<T>, "a task yields a value; return a pointer instead");

public:
    using promise_type = face::task_promise<T>;

    task(task&& other) noexcept : frame_{std::exchange(other.frame_, nullptr)} {}
    task& operator=(task&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~task() {
        if (frame_) frame_.destroy();
    }

    /// Starts it; its result, or what it throws, is that of the co_await. A task is awaited once.
    auto operator co_await() && noexcept { return running{frame_}; }

    /// The same, and what `around()` returns is there while it runs for the first time, until it
    /// waits.
    template <class Around>
    auto begun_within(Around around) && noexcept {
        return beginning<Around>{{frame_}, std::move(around)};
    }

private:
    friend promise_type;
    using frame = std::coroutine_handle<promise_type>;

    struct running {
        frame body;
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
            body.promise().go_on_with(awaiting);
            return body;
        }
        T await_resume() const { return body.promise().result(); }
    };

    template <class Around>
    struct beginning : running {
        Around around;
        // Who awaits may be over, and this with it, when the body returns to here.
        void await_suspend(std::coroutine_handle<> awaiting) const {
            const frame starting = this->body;
            starting.promise().go_on_with(awaiting);
            const auto here = around();
            starting.resume();
        }
    };

    explicit task(frame body) noexcept : frame_{body} {}

    frame frame_;
};

template <class T>
task<T> face::task_promise<T>::get_return_object() noexcept {
    return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

inline task<void> face::task_promise<void>::get_return_object() noexcept {
    return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

}  // namespace signet
