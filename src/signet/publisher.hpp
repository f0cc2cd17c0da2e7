// SPDX-License-Identifier: Apache-2.0
// `publisher<T>` sends messages of type T to every subscriber of a name, in this process and
// others.
//
// A plain T (numbers, enumerations, arrays and structs of them, without pointers) travels as its
// bytes. Small messages (up to 240 bytes) are copied into the ring; larger ones lie in a chunk that
// subscribers read in place, and are best written there to begin with: loan(), write, publish().
// Any other T (structs with strings, vectors, maps, optionals, variants, nested at will) travels as
// MessagePack, encoded straight into the ring or chunk; messages may grow as they like. Types of
// Protobuf and its like travel by a codec (codec.hpp).
//
// Thread safety: one thread at a time, but for subscribers(), statuses(), wait_for_subscribers()
// and try_event(). Nothing waits for a subscriber unless that subscriber chose delivery::block.
// Throws `error` where memory runs out, and in a forked child.
#pragma once

#include <signet/context.hpp>
#include <signet/face/sender.hpp>
#include <signet/transport/shm/memory_plan.hpp>
#include <signet/transport/shm/message_traits.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace signet {

template <class T>
class publisher;

using transport::shm::memory_plan;
using transport::shm::to_text;

/// The memory that a publisher of T takes with these options, and when; nothing is created. A
/// publisher whose full ring does not fit is refused at creation. Throws `error` as that does.
template <class T>
memory_plan plan_memory(const publisher_options& options = {}) {
    static_assert(wire::require_encodable<T>());
    return transport::shm::plan_memory(options, transport::shm::descriptor_for<T>());
}

/// Memory to write one message in, before it is published. Holds whatever an earlier message of
/// this publisher left there: write every field you want read. Dropped unpublished, it goes back.
/// Move-only; must not outlive its publisher.
template <class T>
class loaned {
public:
    loaned(loaned&& other) noexcept
        : publisher_{std::exchange(other.publisher_, nullptr)}, slot_{std::move(other.slot_)} {}
    loaned& operator=(loaned&& other) noexcept {
        std::swap(publisher_, other.publisher_);
        std::swap(slot_, other.slot_);
        return *this;
    }
    ~loaned() {
        if (publisher_ != nullptr) slot_.give_back(*publisher_);
    }

    /// Whether there is memory; the members below are for loans that have some.
    explicit operator bool() const noexcept { return publisher_ != nullptr; }

    T& operator*() noexcept { return slot_.value(); }
    T* operator->() noexcept { return &slot_.value(); }

private:
    friend class publisher<T>;
    using engine = transport::shm::topic_publisher;

    explicit loaned(std::nullopt_t) noexcept {}  // not a default constructor: publish({}) sends T{}
    loaned(engine& from, transport::shm::loan_slot<T> slot) : publisher_{&from}, slot_{slot} {}

    engine* publisher_ = nullptr;
    transport::shm::loan_slot<T> slot_{};
};

template <class T>
class publisher : public sender {
    static_assert(wire::require_encodable<T>());

public:
    /// Joins the topic `name` ("robot/pose"). Throws `error`: a bad name or option, no memory, a
    /// rendezvous directory that cannot be used.
    explicit publisher(std::string_view name, const publisher_options& options = {})
        : publisher{context::shared(), name, options} {}

    publisher(const context& in, std::string_view name, const publisher_options& options = {})
        : sender{in.plane(), name, transport::shm::descriptor_for<T>(), options} {}

    /// Sends a copy. Waits for room where a blocking subscriber is behind. False: stopped
    /// meanwhile.
    bool publish(const T& message, std::stop_token stop = {}) {
        return transport::shm::send_copy(to(), message, {never, std::move(stop)});
    }

    /// The same without waiting. False: no room now.
    bool try_publish(const T& message) {
        return transport::shm::send_copy(to(), message, transport::patience::none());
    }

    /// The same, waiting at most for `limit`.
    bool publish_for(const T& message, std::chrono::nanoseconds limit) {
        return transport::shm::send_copy(to(), message, {after(limit), {}});
    }

    /// Memory to write the next message in, where T is plain. Waits where blocking subscribers hold
    /// all of it. None: stopped meanwhile. More than `loans_max` at once is a contract_violation.
    loaned<T> loan(std::stop_token stop = {})
        requires wire::in_place<T>
    {
        return borrow({never, std::move(stop)});
    }

    /// The same without waiting. None: all of it is held.
    loaned<T> try_loan()
        requires wire::in_place<T>
    {
        return borrow(transport::patience::none());
    }

    /// Sends what was written to a loan; nothing is copied. False: stopped meanwhile, and the
    /// message is dropped.
    bool publish(loaned<T>&& written, std::stop_token stop = {})
        requires wire::in_place<T>
    {
        loaned<T> owned{std::move(written)};
        if (owned.publisher_ != &to()) {
            throw contract_violation{"publish: the loan is empty, or of another publisher"};
        }
        if (!owned.slot_.publish(to(), {never, std::move(stop)})) return false;
        owned.publisher_ = nullptr;
        return true;
    }

private:
    using slot = transport::shm::loan_slot<T>;

    loaned<T> borrow(const transport::patience& limit) {
        auto borrowed = slot::borrow(to(), limit);
        return borrowed ? loaned<T>{to(), *borrowed} : loaned<T>{std::nullopt};
    }
};

}  // namespace signet
