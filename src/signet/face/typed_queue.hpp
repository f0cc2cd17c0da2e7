// SPDX-License-Identifier: Apache-2.0
// How a message of type T gets into a queue and out of it: what queue.hpp has and users do not
// name. A plain T is read and written where it lies, anything else travels as MessagePack.
#pragma once

#include <signet/face/raw_queue.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/padding.hpp>
#include <signet/wire/payload.hpp>
#include <signet/wire/plan.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet {

template <class T>
class popped;

/// How `work` goes on.
struct work_terms {
    std::stop_token stop{};
    std::chrono::nanoseconds retry_after{0};           ///< a message that failed comes again then
    std::function<void(std::exception_ptr)> failed{};  ///< is told what was thrown
};

/// A message as it lies in a queue, copied, and what the queue says of it.
template <class T>
struct peeked {
    T value;
    peeked_message facts;  ///< its payload is empty
};

namespace face {

template <class T>
const wire::type_descriptor& queue_type() {
    static_assert(wire::require_encodable<T>());
    if constexpr (wire::in_place<T>) {
        static_assert(alignof(T) <= 64, "a message of a queue is aligned to at most 64 bytes");
        return wire::descriptor_of<T>();
    } else {
        return wire::payload_of<T>::descriptor();
    }
}

/// Memory for a message on its way, on the stack where it is small.
template <std::size_t SmallBytes>
class passing_bytes {
public:
    explicit passing_bytes(std::size_t bytes) {
        if (bytes > SmallBytes) large_.resize(bytes);
        all_ = {large_.empty() ? small_.data() : large_.data(), bytes};
    }
    passing_bytes(const passing_bytes&) = delete;
    passing_bytes& operator=(const passing_bytes&) = delete;

    std::span<std::byte> all() noexcept { return all_; }

private:
    std::array<std::byte, SmallBytes> small_;
    std::vector<std::byte> large_;
    std::span<std::byte> all_;
};

/// Calls `use` with the bytes of a message.
template <class T, class Use>
auto with_bytes(const T& message, Use&& use) {
    constexpr std::size_t small_bytes = 512;
    if constexpr (!wire::in_place<T>) {
        passing_bytes<small_bytes> bytes{wire::payload_of<T>::bytes(message)};
        wire::payload_of<T>::encode(message, bytes.all());
        return use(std::span<const std::byte>{bytes.all()});
    } else if constexpr (wire::has_padding<T>) {
        passing_bytes<small_bytes> bytes{sizeof(T)};
        wire::copy_without_padding(bytes.all().data(), message);
        return use(std::span<const std::byte>{bytes.all()});
    } else {
        return use(std::as_bytes(std::span{&message, 1}));
    }
}

/// A T that lies in a queue, or what was made of its bytes.
template <class T>
class value_in_queue {
public:
    /// Throws `error` (peer_misbehaved): it is none.
    void look(std::span<const std::byte> bytes) {
        if constexpr (wire::in_place<T>) {
            if (bytes.size() != sizeof(T)) complain(bytes.size());
            value_ = reinterpret_cast<const T*>(bytes.data());
        } else {
            value_.emplace(wire::payload_of<T>::decode(bytes, wire::reading_plan{}));
        }
    }
    const T& get() const noexcept { return *value_; }

private:
    [[noreturn]] static void complain(std::size_t bytes) {
        throw error{errc::peer_misbehaved, "pop", queue_type<T>().name(),
                    "a message of " + std::to_string(bytes) + " bytes is no such value"};
    }

    std::conditional_t<wire::in_place<T>, const T*, std::optional<T>> value_{};
};

/// What all handles have that pop messages of type T.
template <class T>
class typed_queue : public queue_handle {
public:
    /// Waits for a message. None: stopped. Not of a temporary: the message must not outlive it.
    popped<T> pop(std::stop_token stop = {}) & { return next({never, std::move(stop)}); }

    /// The same without waiting. None: there is nothing now.
    popped<T> try_pop() & { return next(at_once()); }

    /// The same, waiting at most for `limit`, or until then.
    popped<T> pop_for(std::chrono::nanoseconds limit) & { return next({after(limit), {}}); }
    popped<T> pop_until(deadline limit) & { return next({limit, {}}); }

    /// Pops until it is stopped, and calls `act` with each message: a `const T&`, or a `popped<T>&`
    /// that it may decide itself. Where it returns the message is acknowledged, where it throws
    /// given back. How many were acknowledged, or decided by `act`.
    template <class Act>
        requires std::invocable<Act&, const T&> || std::invocable<Act&, popped<T>&>
    std::uint64_t work(Act&& act, const work_terms& how = {}) {
        std::uint64_t done = 0;
        while (popped<T> message = pop(how.stop)) done += did(act, message, how) ? 1 : 0;
        return done;
    }

    /// The first messages, of all states, without taking them. One that is no T is left out.
    std::vector<peeked<T>> peek(std::size_t count_max) const {
        return opened_up(core().peek(count_max));
    }
    std::vector<peeked<T>> peek_dead_letters(std::size_t count_max) const {
        return opened_up(core().peek_dead_letters(count_max));
    }

protected:
    using queue_handle::queue_handle;

    popped<T> next(const sync::patience& limit);

private:
    template <class Act>
    static bool did(Act& act, popped<T>& message, const work_terms& how) {
        try {
            if constexpr (std::invocable<Act&, const T&>) {
                std::invoke(act, *std::as_const(message));
            } else {
                std::invoke(act, message);
            }
        } catch (...) {
            if (message) message.give_back_after(how.retry_after);
            if (how.failed) how.failed(std::current_exception());
            return false;
        }
        if (message) message.ack();
        return true;
    }

    static std::vector<peeked<T>> opened_up(std::vector<peeked_message> found) {
        std::vector<peeked<T>> all;
        for (peeked_message& one : found) {
            const auto bytes = std::exchange(one.payload, {});
            try {
                all.push_back({copy_of(bytes), std::move(one)});
            } catch (const error&) {
                // told where it is popped
            }
        }
        return all;
    }
    static T copy_of(const std::vector<std::byte>& bytes) {
        value_in_queue<T> value;
        value.look(bytes);
        return value.get();
    }
};

/// A name that nobody else has.
std::string unique_mailbox_name();

}  // namespace face

/// A message that was popped. A plain T is read where it lies in the queue, and is gone with its
/// decision. Move-only; must not outlive its queue. A value for one thread at a time.
template <class T>
class popped : public face::delivery_in_hand {
public:
    popped() noexcept = default;

    /// Of a plain T valid until the message is decided.
    const T& operator*() const noexcept { return value_.get(); }
    const T* operator->() const noexcept { return &value_.get(); }

    /// Answers to `reply_to()`, which is a mailbox of that type. False: nobody waits for it any
    /// more. Does not acknowledge.
    template <class Answer>
    bool reply(const Answer& answer) {
        return face::with_bytes(answer, [&](std::span<const std::byte> bytes) {
            return reply_bytes(bytes, &face::queue_type<Answer>());
        });
    }

private:
    friend face::typed_queue<T>;
    using delivery_in_hand::delivery_in_hand;

    /// False: it is no T, and was put aside.
    bool look() try {
        value_.look(payload());
        return true;
    } catch (const error& e) {
        dead_letter(e.what());
        return false;
    }

    face::value_in_queue<T> value_;
};

template <class T>
popped<T> face::typed_queue<T>::next(const sync::patience& limit) {
    while (auto got = take(limit)) {
        popped<T> one{opened(), std::move(*got)};
        if (one.look()) return one;
    }
    return {};
}

}  // namespace signet
