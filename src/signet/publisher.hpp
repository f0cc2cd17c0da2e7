// SPDX-License-Identifier: Apache-2.0
// `publisher<T>` sends messages of type T to every subscriber of a name, in this process and
// others. T is plain: numbers, enumerations, arrays and structs of them, without pointers; it
// travels as its bytes. Small messages (up to 240 bytes) are copied into the ring; larger ones lie
// in a chunk that subscribers read in place, and are best written there to begin with: loan(),
// write, publish().
//
// Thread safety: one thread at a time, but for subscribers(), statuses(),
// wait_for_subscribers() and try_event(). Nothing waits for a subscriber unless that subscriber
// chose delivery::block. Throws `error` where memory runs out, and in a forked child.
#pragma once

#include <signet/base/name.hpp>
#include <signet/context.hpp>
#include <signet/topic.hpp>
#include <signet/transport/shm/memory_plan.hpp>
#include <signet/transport/shm/message_traits.hpp>
#include <signet/transport/shm/topic_publisher.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

namespace signet {

template <class T>
class publisher;

using transport::shm::memory_plan;
using transport::shm::to_text;

/// The memory that a publisher of T takes with these options, and when; nothing is created. A
/// publisher whose full ring does not fit is refused at creation. Throws `error` as that does.
template <class T>
memory_plan plan_memory(const publisher_options& options = {}) {
    static_assert(wire::require_plain<T>());
    return transport::shm::plan_memory(options, wire::descriptor_of<T>());
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
class publisher {
    static_assert(wire::require_plain<T>());

public:
    /// Joins the topic `name` ("robot/pose"). Throws `error`: a bad name or option, no memory, a
    /// rendezvous directory that cannot be used.
    explicit publisher(std::string_view name, const publisher_options& options = {})
        : publisher{context::shared(), name, options} {}

    publisher(const context& in, std::string_view name, const publisher_options& options = {})
        : engine_{std::make_unique<engine>(in.plane(), parse_address(name).name,
                                           wire::descriptor_of<T>(), options)} {}

    /// Sends a copy. Waits for room where a blocking subscriber is behind. False: stopped
    /// meanwhile.
    bool publish(const T& message, std::stop_token stop = {}) {
        return send(message, {never, std::move(stop)});
    }

    /// The same without waiting. False: no room now.
    bool try_publish(const T& message) { return send(message, transport::patience::none()); }

    /// The same, waiting at most for `limit`.
    bool publish_for(const T& message, std::chrono::nanoseconds limit) {
        return send(message, {after(limit), {}});
    }

    /// Memory to write the next message in. Waits where blocking subscribers hold all of it. None:
    /// stopped meanwhile. More than `loans_max` at once is a contract_violation.
    loaned<T> loan(std::stop_token stop = {}) { return borrow({never, std::move(stop)}); }

    /// The same without waiting. None: all of it is held.
    loaned<T> try_loan() { return borrow(transport::patience::none()); }

    /// Sends what was written to a loan; nothing is copied. False: stopped meanwhile, and the
    /// message is dropped.
    bool publish(loaned<T>&& written, std::stop_token stop = {}) {
        loaned<T> owned{std::move(written)};
        if (owned.publisher_ != engine_.get()) {
            throw contract_violation{"publish: the loan is empty, or of another publisher"};
        }
        if (!owned.slot_.publish(*engine_, {never, std::move(stop)})) return false;
        owned.publisher_ = nullptr;
        return true;
    }

    /// How many subscribers have joined.
    std::size_t subscribers() const { return engine_->subscribers(); }

    /// Each of them: how far behind it is, what it lost and what it holds.
    std::vector<subscriber_status> statuses() const { return engine_->statuses(); }

    /// Waits until at least `count` have. False: stopped.
    bool wait_for_subscribers(std::size_t count, std::stop_token stop = {}) {
        return engine_->wait_for_subscribers(count, {never, std::move(stop)});
    }

    /// The same, waiting at most for `limit`.
    bool wait_for_subscribers_for(std::size_t count, std::chrono::nanoseconds limit) {
        return engine_->wait_for_subscribers(count, {after(limit), {}});
    }

    /// Who joined, left, died or was refused, oldest first; none: nothing new.
    std::optional<topic_event> try_event() { return engine_->try_event(); }

    /// Messages published so far.
    std::uint64_t published() const noexcept { return engine_->published(); }

    const std::string& topic() const noexcept { return engine_->topic(); }

private:
    using engine = transport::shm::topic_publisher;
    using slot = transport::shm::loan_slot<T>;

    bool send(const T& message, const transport::patience& limit) {
        return transport::shm::send_copy(*engine_, message, limit);
    }

    loaned<T> borrow(const transport::patience& limit) {
        auto borrowed = slot::borrow(*engine_, limit);
        return borrowed ? loaned<T>{*engine_, *borrowed} : loaned<T>{std::nullopt};
    }

    std::unique_ptr<engine> engine_;
};

}  // namespace signet
