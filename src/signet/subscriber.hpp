// SPDX-License-Identifier: Apache-2.0
// `subscriber<T>` receives the messages that every `publisher<T>` of a name sends, in this process
// and others, now and later. The name may be a pattern: `robot/*` is each topic with exactly one
// more part, `robot/**` each one below robot, and robot itself. Small messages are copied out of
// the ring; larger ones are read in place, and their memory is held until the sample is gone.
//
// Thread safety: one thread at a time, but for try_event(). Nobody can make it wait for ever: a
// wait ends by its event, a deadline, or a stop. What a publisher committed before it died is still
// received. Throws `error` once for each publisher that cannot be joined (another layout, a limit),
// and in a forked child; the subscriber goes on with the others. Publishers that a pattern takes in
// may well send something else than T: there another layout is an event (refused) and no error.
#pragma once

#include <signet/base/name.hpp>
#include <signet/context.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/topic.hpp>
#include <signet/transport/shm/sample_slot.hpp>

#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

namespace signet {

/// A message that was received, or nothing: `while (auto pose = poses.receive()) use(pose->x);`.
/// Move-only. A large message is read where the publisher wrote it, and stays there until the
/// sample is destroyed, even if the publisher or the subscriber is gone; it belongs to the
/// subscriber's thread.
template <class T>
class sample {
public:
    /// Whether there is a message; the members below are for samples that have one.
    explicit operator bool() const noexcept { return engaged_; }

    const T& operator*() const noexcept { return slot_.value(); }
    const T* operator->() const noexcept { return &slot_.value(); }

    /// Its place among the messages of its publisher, from 0.
    std::uint64_t number() const noexcept { return number_; }

    /// The id of its publisher, as in the events.
    std::uint64_t publisher() const noexcept { return publisher_; }

    /// The topic it was published on, which a pattern does not tell. Valid until the next receive
    /// of its subscriber, or the end of that.
    std::string_view topic() const noexcept { return from_->topic; }

    /// How many messages of this publisher were lost between the last one received and this one.
    std::uint64_t lost_before() const noexcept { return lost_before_; }

private:
    template <class>
    friend class subscriber;

    transport::shm::sample_slot<T> slot_;
    bool engaged_ = false;
    std::uint64_t number_ = 0;
    std::uint64_t publisher_ = 0;
    std::uint64_t lost_before_ = 0;
    const transport::shm::source* from_ = nullptr;
};

template <class T>
class subscriber {
    static_assert(wire::require_plain<T>());

public:
    /// Joins the topic `name` ("robot/pose"), or all topics that a pattern ("robot/*") matches.
    /// Publishers are found in the background. Throws `error`: a bad name or option, no memory, a
    /// rendezvous directory that cannot be used.
    explicit subscriber(std::string_view name, const subscriber_options& options = {})
        : subscriber{context::shared(), name, options} {}

    subscriber(const context& in, std::string_view name, const subscriber_options& options = {})
        : engine_{std::shared_ptr<engine>{
              new engine{in.plane(), parse_pattern(name).name, &wire::descriptor_of<T>(), options},
              os::delete_where_made{}}} {}

    /// Waits for the next message. None: stopped.
    sample<T> receive(std::stop_token stop = {}) { return take({never, std::move(stop)}); }

    /// The next message, if one is there.
    sample<T> try_receive() {
        return fill([&](auto&& look) { return engine_->look_once(look); });
    }

    /// Waits at most for `limit`. None: nothing came, or stopped.
    sample<T> receive_for(std::chrono::nanoseconds limit) { return take({after(limit), {}}); }

    /// Waits at most until `limit`.
    sample<T> receive_until(deadline limit) { return take({limit, {}}); }

    /// For a loop of your own: readable when a message, an event or a stop may be there, until
    /// try_receive() found nothing. Level-triggered; do not read from it. Valid as long as this.
    int fd() { return engine_->fd(); }

    /// Who joined, left, died or was refused, oldest first; none: nothing new.
    std::optional<topic_event> try_event() { return engine_->try_event(); }

    std::uint64_t received() const noexcept { return engine_->counts().received; }

    /// Messages that were overwritten before this subscriber read them.
    std::uint64_t lost() const noexcept { return engine_->counts().lost; }

    /// Publishers joined now.
    std::size_t publishers() const noexcept { return engine_->counts().publishers; }

    /// The name, or pattern, it was made with.
    const std::string& topic() const noexcept { return engine_->topic(); }

    /// `for (const auto& sample : subscriber)` receives until it is stopped.
    class iterator {
    public:
        using value_type = sample<T>;
        using difference_type = std::ptrdiff_t;

        explicit iterator(subscriber& from) : from_{&from} { ++*this; }
        const sample<T>& operator*() const noexcept { return current_; }
        const sample<T>* operator->() const noexcept { return &current_; }
        iterator& operator++() {
            current_ = sample<T>{};  // release the last one before waiting for the next
            current_ = from_->receive();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& it, std::default_sentinel_t) { return !it.current_; }

    private:
        subscriber* from_;
        sample<T> current_;
    };

    iterator begin() { return iterator{*this}; }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    using engine = transport::shm::topic_subscriber;

    sample<T> take(const transport::patience& limit) {
        return fill([&](auto&& look) { return engine_->wait_for(limit, look); });
    }

    /// Has `find` look for a message until it is content, straight into the sample.
    template <class Find>
    sample<T> fill(Find&& find) {
        sample<T> next;
        transport::shm::received_message message;
        next.engaged_ = find([&] { return next.slot_.look(engine_.shared(), message); });
        if (!next.engaged_) return next;
        next.number_ = message.view.number;
        next.publisher_ = message.from->publisher;
        next.lost_before_ = message.lost_before;
        next.from_ = message.from;
        return next;
    }

    transport::shm::subscriber_handle engine_;
};

}  // namespace signet
