// SPDX-License-Identifier: Apache-2.0
// A message that was received, or nothing: `while (auto pose = poses.receive()) use(pose->x);`.
// `sample<T>` has a T; `raw_sample` has bytes, and the descriptor that says what they are.
//
// Thread safety: a sample belongs to its subscriber's thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/transport/shm/raw_slot.hpp>
#include <signet/transport/shm/sample_slot.hpp>
#include <signet/wire/descriptor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace signet {

template <class Sample>
class receiver;

/// Who sent a message, and when.
class message_facts {
public:
    /// Whether there is a message; all else is for samples that have one.
    explicit operator bool() const noexcept { return from_ != nullptr; }

    /// Its place among the messages of its publisher, from 0.
    std::uint64_t number() const noexcept { return number_; }

    /// The id of its publisher, as in the events.
    std::uint64_t publisher() const noexcept { return publisher_; }

    /// The topic it was published on, which a pattern does not tell. Valid until the next receive
    /// of its subscriber, or the end of that.
    std::string_view topic() const noexcept { return from_->topic; }

    /// How many messages of this publisher were lost between the last one received and this one.
    std::uint64_t lost_before() const noexcept { return lost_before_; }

    /// When it was published; none where its publisher does not say
    /// (publisher_options::timestamps).
    std::optional<clock::time_point> published_at() const noexcept {
        if (time_ == 0) return std::nullopt;
        return clock::time_point{std::chrono::nanoseconds{time_}};
    }

protected:
    void note(const transport::shm::received_message& message) {
        number_ = message.view.number;
        publisher_ = message.from->shown;
        lost_before_ = message.lost_before;
        time_ = message.view.time;
        from_ = message.from;
    }

    const transport::shm::source& from() const noexcept { return *from_; }

private:
    const transport::shm::source* from_ = nullptr;
    std::uint64_t number_ = 0;
    std::uint64_t publisher_ = 0;
    std::uint64_t lost_before_ = 0;
    std::uint64_t time_ = 0;
};

/// Move-only. A large message of a plain type is read where the publisher wrote it, and stays there
/// until the sample is destroyed, even if the publisher or the subscriber is gone.
template <class T>
class sample : public message_facts {
public:
    const T& operator*() const noexcept { return slot_.value(); }
    const T* operator->() const noexcept { return &slot_.value(); }

private:
    friend class receiver<sample>;

    bool look(transport::shm::topic_subscriber& from, transport::shm::received_message& message) {
        return slot_.look(from, message);
    }

    transport::shm::sample_slot<T> slot_;
};

/// Move-only, and like a sample of a plain type: a large message lies where it was written.
class raw_sample : public message_facts {
public:
    /// The message. Valid as long as this.
    std::span<const std::byte> bytes() const noexcept { return slot_.bytes(); }

    /// What its publisher says the bytes are; tools print any message by it (wire/json.hpp). Valid
    /// until the next receive of its subscriber, or the end of that.
    const wire::type_descriptor& type() const noexcept { return from().type; }

private:
    friend class receiver<raw_sample>;

    bool look(transport::shm::topic_subscriber& from, transport::shm::received_message& message) {
        return slot_.look(from, message);
    }

    transport::shm::raw_slot slot_;
};

}  // namespace signet
