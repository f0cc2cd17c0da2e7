// SPDX-License-Identifier: Apache-2.0
// Where a received message of type T is: copied into the sample, held in the publisher's segment,
// or decoded from there. Belongs to the subscriber's thread.
#pragma once

#include <signet/transport/shm/message_traits.hpp>
#include <signet/transport/shm/raw_slot.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>

#include <cstddef>
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
    bool look(topic_subscriber& from, received_message& message) {
        return from.template try_copy<sizeof(T)>(message, &value_);
    }
    const T& value() const noexcept { return value_; }

private:
    T value_;
};

template <class T>
class sample_slot<T, sample_place::decoded> {
public:
    bool look(topic_subscriber& from, received_message& message) {
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
        : hold_{std::exchange(other.hold_, {})}, value_{other.value_} {}
    sample_slot& operator=(sample_slot&& other) noexcept {
        std::swap(hold_, other.hold_);
        std::swap(value_, other.value_);
        return *this;
    }
    ~sample_slot() {
        if (hold_.by != nullptr) hold_.by->release(hold_);
    }

    bool look(topic_subscriber& from, received_message& message) {
        if (!from.try_open_large(message, sizeof(T))) return false;
        hold_ = {&from, message.from, message.view.hold};
        value_ = reinterpret_cast<const T*>(message.view.in_place);
        return true;
    }
    const T& value() const noexcept { return *value_; }

private:
    held_message hold_;
    const T* value_ = nullptr;
};

}  // namespace signet::transport::shm
