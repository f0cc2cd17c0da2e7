// SPDX-License-Identifier: Apache-2.0
// Streams of values that travel with calls. `stream<T>` is one that is read: a function that
// returns one is a coroutine that yields its items, and whoever called it reads them as they come;
// as an argument it travels the other way. `stream_writer<T>` is an argument whose items the caller
// writes by hand.
//
//     stream<int> count(int to) { for (int i = 0; i < to; ++i) co_yield i; }   // served
//     for (int one : numbers.call<stream<int>>("count", 10)) use(one);         // called
//
// Back-pressure: who writes is at most 256 KiB, and one item, ahead of who reads, and then waits.
//
// Thread safety: one thread at a time. A stream of a client or server must go before it does.
// Throws what the writer threw (remote_error), call_error where the connection has ended.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/pattern/service/call_stream.hpp>
#include <signet/wire/arguments.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet {

namespace face {

struct stream_access;

/// Throws `error` (incompatible_type): an item is not what it should be.
[[noreturn]] void complain_of_item(const std::string& why);

}  // namespace face

template <class T>
class stream {
public:
    class promise_type;

    stream(stream&& other) noexcept
        : room_{std::move(other.room_)},
          here_{std::exchange(other.here_, nullptr)},
          there_{std::move(other.there_)} {}
    stream& operator=(stream&& other) noexcept {
        std::swap(room_, other.room_);
        std::swap(here_, other.here_);
        std::swap(there_, other.there_);
        return *this;
    }
    ~stream() {
        if (here_) here_.destroy();
    }

    /// Waits for the next item. None: it has ended.
    std::optional<T> next(std::stop_token stop = {}) { return take({never, std::move(stop)}); }

    /// The same, waiting at most for `limit`: none, too, where nothing came; see ended().
    std::optional<T> next_for(std::chrono::nanoseconds limit) { return take({after(limit), {}}); }

    /// Whether the last one found its end.
    bool ended() const noexcept { return here_ ? here_.done() : !there_ || there_->at_end(); }

    /// To be read once, from the begin to the end: for (T& item : items).
    class iterator;
    iterator begin();
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend face::stream_access;
    using frame = std::coroutine_handle<promise_type>;

    explicit stream(frame here) : here_{here} {}
    explicit stream(std::shared_ptr<pattern::incoming_stream> there) : there_{std::move(there)} {}

    std::optional<T> take(const transport::patience& limit);
    static std::optional<T> decode(const std::optional<std::vector<std::byte>>& item);

    std::shared_ptr<void> room_;                       ///< of the arguments of the coroutine
    frame here_;                                       ///< of this process; or
    std::shared_ptr<pattern::incoming_stream> there_;  ///< of the other end
};

template <class T>
class stream<T>::promise_type {
public:
    stream get_return_object() noexcept { return stream{frame::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { failure_ = std::current_exception(); }

    template <class Value>
        requires std::is_convertible_v<Value&&, T>
    std::suspend_always yield_value(Value&& value) {
        value_.emplace(std::forward<Value>(value));
        return {};
    }
    void await_transform() = delete;  // it has no loop that would go on with it

private:
    friend stream;

    std::optional<T> value_;
    std::exception_ptr failure_;
};

template <class T>
std::optional<T> stream<T>::take(const transport::patience& limit) {
    if (here_) {
        if (here_.done()) return std::nullopt;
        here_.promise().value_.reset();
        here_.resume();
        if (auto why = std::exchange(here_.promise().failure_, nullptr))
            std::rethrow_exception(why);
        return std::move(here_.promise().value_);
    }
    return there_ ? decode(there_->next(limit)) : std::nullopt;
}

template <class T>
std::optional<T> stream<T>::decode(const std::optional<std::vector<std::byte>>& item) {
    if (!item) return std::nullopt;
    T value{};
    wire::value_reader reader{*item, 1};
    if (!reader.take(value) || !reader.at_end()) face::complain_of_item(reader.complaint());
    return value;
}

template <class T>
class stream<T>::iterator {
public:
    using difference_type = std::ptrdiff_t;
    using value_type = T;

    explicit iterator(stream& from) : from_{&from}, item_{from.next()} {}

    T& operator*() const noexcept { return *item_; }
    iterator& operator++() {
        item_ = from_->next();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept {
        return !at.item_;
    }

private:
    stream* from_;
    mutable std::optional<T> item_;
};

template <class T>
typename stream<T>::iterator stream<T>::begin() {
    return iterator{*this};
}

/// An argument of one call, whose items are written once the call has begun.
template <class T>
class stream_writer {
public:
    stream_writer() = default;
    stream_writer(stream_writer&&) noexcept = default;
    stream_writer& operator=(stream_writer&&) noexcept = default;
    ~stream_writer() {
        if (to_) to_->close();
    }

    /// Waits until the reader lets us. False: it wants no more, or a stop was asked for.
    bool write(const T& item, std::stop_token stop = {}) { return put(item, {never, stop}); }

    /// Waits at most for `limit`.
    bool write_for(const T& item, std::chrono::nanoseconds limit) {
        return put(item, {after(limit), {}});
    }

    /// Ends the stream: whoever reads it comes to its end.
    void close() { to_->close(); }

private:
    friend face::stream_access;

    bool put(const T& item, const transport::patience& limit) {
        std::vector<std::byte> bytes;
        wire::append_value(bytes, item);
        return to_->write(bytes, limit);
    }

    std::shared_ptr<pattern::outgoing_stream> to_ = std::make_shared<pattern::outgoing_stream>();
};

namespace face {

/// What calls need of streams and users do not.
struct stream_access {
    // Of a stream of the other end; without waiting.
    template <class T>
    static std::shared_ptr<pattern::call_session> session(const stream<T>& of) {
        return of.there_ ? of.there_->on() : nullptr;
    }
    template <class T>
    static pattern::incoming_stream* engine(const stream<T>& of) {
        return of.there_.get();
    }
    template <class T>
    static std::optional<T> try_next(stream<T>& of) {
        return of.there_ ? of.decode(of.there_->try_next()) : of.next();
    }

    template <class T>
    static stream<T> with_room(stream<T> of, std::shared_ptr<void> room) {
        of.room_ = std::move(room);
        return of;
    }

    template <class T>
    static stream<T> reader(std::shared_ptr<pattern::incoming_stream> from) {
        return stream<T>{std::move(from)};
    }

    /// What writes the items of `from`.
    template <class T>
    static std::shared_ptr<pattern::outgoing_stream> writer(stream<T> from) {
        auto items = std::make_shared<stream<T>>(std::move(from));
        return std::make_shared<pattern::outgoing_stream>(
            [items = std::move(items)](std::vector<std::byte>& into) {
                const std::optional<T> item = items->next();
                if (item) wire::append_value(into, *item);
                return item.has_value();
            });
    }
    template <class T>
    static std::shared_ptr<pattern::outgoing_stream> writer(const stream_writer<T>& from) {
        return from.to_;
    }
};

template <class T>
inline constexpr bool is_stream = false;
template <class T>
inline constexpr bool is_stream<stream<T>> = true;

template <class T>
inline constexpr bool is_stream_writer = false;
template <class T>
inline constexpr bool is_stream_writer<stream_writer<T>> = true;

}  // namespace face
}  // namespace signet
