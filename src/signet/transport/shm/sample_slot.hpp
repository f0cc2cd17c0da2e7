// SPDX-License-Identifier: Apache-2.0
// Where a received message of type T is: copied into the sample, held in the publisher's segment,
// or decoded from there. Belongs to the subscriber's thread.
#pragma once

#include <signet/transport/shm/message_traits.hpp>
#include <signet/transport/shm/raw_slot.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace signet::transport::shm {

enum class sample_place { copied, in_place, decoded };

template <class T>
constexpr sample_place place_of() {
    if (wire::packed<T>) return sample_place::decoded;
    return fits_slot<T> ? sample_place::copied : sample_place::in_place;
}

template <class T, sample_place Place = place_of<T>()>
class sample_slot;

template <class T>
class sample_slot<T, sample_place::copied> {
public:
    bool look(const std::shared_ptr<topic_subscriber>& from, received_message& message) {
        return from->template try_copy<sizeof(T)>(message, &value_);
    }
    const T& value() const noexcept { return value_; }

private:
    T value_;
};

template <class T>
class sample_slot<T, sample_place::decoded> {
public:
    bool look(const std::shared_ptr<topic_subscriber>& from, received_message& message) {
        raw_slot raw;
        if (!raw.look(from, message)) return false;
        value_.emplace(wire::payload_of<T>::decode(raw.bytes(), message.from->plan));
        return true;
    }
    const T& value() const noexcept { return *value_; }

private:
    std::optional<T> value_;
};

template <class T>
class sample_slot<T, sample_place::in_place> {
    static_assert(chunk_aligned<T>, "a message is aligned to at most 64 bytes");

public:
    sample_slot() = default;
    sample_slot(sample_slot&& other) noexcept
        : from_{std::move(other.from_)}, message_{other.message_} {}
    sample_slot& operator=(sample_slot&& other) noexcept {
        std::swap(from_, other.from_);
        std::swap(message_, other.message_);
        return *this;
    }
    ~sample_slot() {
        if (from_) from_->release(message_);
    }

    bool look(const std::shared_ptr<topic_subscriber>& from, received_message& message) {
        if (!from->try_open_large(message, sizeof(T))) return false;
        from_ = from;
        message_ = message;
        return true;
    }
    const T& value() const noexcept { return *reinterpret_cast<const T*>(message_.view.in_place); }

private:
    std::shared_ptr<topic_subscriber> from_;
    received_message message_;
};

}  // namespace signet::transport::shm
