// SPDX-License-Identifier: Apache-2.0
// What subscribers of all kinds have in common: `subscriber<T>` and `raw_subscriber` are this with
// samples of their own. Rules of use stand there.
#pragma once

#include <signet/face/topic_ends.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/topic.hpp>
#include <signet/transport/shm/subscriber_watch.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet {

template <class Sample>
class receiver {
public:
    /// Waits for the next message. None: stopped.
    Sample receive(std::stop_token stop = {}) { return take({never, std::move(stop)}); }

    /// The next message, if one is there.
    Sample try_receive() {
        return fill([&](auto&& look) { return engine_->look_once(look); });
    }

    /// Waits at most for `limit`. None: nothing came, or stopped.
    Sample receive_for(std::chrono::nanoseconds limit) { return take({after(limit), {}}); }

    /// Waits at most until `limit`.
    Sample receive_until(deadline limit) { return take({limit, {}}); }

    /// For a loop of your own: readable when a message, an event or a stop may be there, until
    /// try_receive() found nothing. Level-triggered; do not read from it. Valid as long as this.
    int fd() { return engine_->fd(); }

    /// Who joined, left, died, was refused, evicted us or is late, oldest first; none: nothing new.
    std::optional<topic_event> try_event() {
        auto event = engine_->try_event();
        return event && relay_ ? relay_->told(std::move(*event)) : event;
    }

    /// For waits over several endpoints.
    std::unique_ptr<transport::waitable> watch() const {
        return std::make_unique<transport::shm::subscriber_watch>(engine_.shared());
    }

    std::uint64_t received() const noexcept { return engine_->counts().received; }

    /// Messages that were overwritten before this subscriber read them, or before they were on
    /// their way to it; the latter as of the last message received.
    std::uint64_t lost() const noexcept {
        return engine_->counts().lost + (relay_ ? relay_->lost() : 0);
    }

    /// Messages passed over because newer ones were there: delivery::latest.
    std::uint64_t skipped() const noexcept {
        return engine_->counts().skipped + (relay_ ? relay_->skipped() : 0);
    }

    /// Silences that lasted longer than subscriber_options::message_due; any thread may ask.
    std::uint64_t deadlines_missed() const noexcept { return engine_->deadlines_missed(); }

    /// Each publisher joined now: what was received and lost of it, and how far behind we are.
    std::vector<publisher_status> statuses() const {
        auto all = engine_->statuses();
        if (relay_) {
            for (auto& one : all) one = relay_->told(one);
        }
        return all;
    }

    /// Publishers joined now.
    std::size_t publishers() const noexcept { return engine_->counts().publishers; }

    /// The name, or pattern, it was made with.
    const std::string& topic() const noexcept {
        return relay_ ? relay_->address() : engine_->topic();
    }

    /// `for (const auto& sample : subscriber)` receives until it is stopped.
    class iterator {
    public:
        using value_type = Sample;
        using difference_type = std::ptrdiff_t;

        explicit iterator(receiver& from) : from_{&from} { ++*this; }
        const Sample& operator*() const noexcept { return current_; }
        const Sample* operator->() const noexcept { return &current_; }
        iterator& operator++() {
            current_ = Sample{};  // release the last one before waiting for the next
            current_ = from_->receive();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& it, std::default_sentinel_t) { return !it.current_; }

    private:
        receiver* from_;
        Sample current_;
    };

    iterator begin() { return iterator{*this}; }
    std::default_sentinel_t end() const noexcept { return {}; }

protected:
    /// `type` null: takes messages of any type.
    receiver(std::shared_ptr<link::control_plane> plane, std::string_view name,
             const wire::type_descriptor* type, const subscriber_options& options)
        : receiver{face::subscribe_to(std::move(plane), name, type, options)} {}

private:
    explicit receiver(face::subscriber_end made)
        : engine_{std::move(made.engine)}, relay_{std::move(made.relay)} {}

    Sample take(const transport::patience& limit) {
        return fill([&](auto&& look) { return engine_->wait_for(limit, look); });
    }

    /// Has `find` look for a message until it is content, straight into the sample.
    template <class Find>
    Sample fill(Find&& find) {
        Sample next;
        transport::shm::received_message message;
        if (find([&] { return next.look(*engine_, message); })) next.note(message);
        return next;
    }

    transport::shm::subscriber_handle engine_;
    face::subscriber_relay relay_;  ///< null: in shared memory alone
};

}  // namespace signet
