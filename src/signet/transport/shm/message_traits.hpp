// SPDX-License-Identifier: Apache-2.0
// How a message of type T travels in shared memory: inside a slot where it fits, else in a chunk; a
// plain one as its bytes, any other encoded straight into where it is to lie. Here is all that
// knows the difference. Thread rules are those of the engines.
#pragma once

#include <signet/transport/shm/raw_loan.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/padding.hpp>
#include <signet/wire/payload.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace signet::transport::shm {

/// The largest message that lies in a slot of its own topic.
inline constexpr std::size_t slot_payload_max = memory::inline_bytes_limit;

template <class T>
inline constexpr bool fits_slot = sizeof(T) <= slot_payload_max;

/// Valid for the life of the process.
template <class T>
const wire::type_descriptor& descriptor_for() {
    if constexpr (wire::in_place<T>) {
        return wire::descriptor_of<T>();
    } else {
        return wire::payload_of<T>::descriptor();
    }
}

template <class T>
concept chunk_aligned = alignof(T) <= memory::line_bytes;

/// Has `write` fill `bytes` bytes in the ring or a chunk, and publishes them.
template <class Write>
bool send_written(topic_publisher& to, std::size_t bytes, const patience& limit, Write&& write) {
    if (bytes <= slot_payload_max && to.fits_slot(bytes)) {
        std::array<std::byte, slot_payload_max> payload;
        write(payload.data());
        return to.publish_inline(payload.data(), bytes, limit);
    }
    raw_loan loan = raw_loan::borrow(to, bytes, limit);
    if (!loan) return false;
    write(loan.bytes().data());
    return loan.publish(to, bytes, limit);
}

/// Publishes a copy of `message`.
inline bool send_bytes(topic_publisher& to, std::span<const std::byte> message,
                       const patience& limit) {
    return send_written(to, message.size(), limit, [&](std::byte* where) {
        if (!message.empty()) std::memcpy(where, message.data(), message.size());
    });
}

/// Encodes `message` into the ring or a chunk and publishes it.
template <wire::packed T>
bool send_copy(topic_publisher& to, const T& message, const patience& limit) {
    using payload = wire::payload_of<T>;
    const std::size_t bytes = payload::bytes(message);
    return send_written(to, bytes, limit,
                        [&](std::byte* where) { payload::encode(message, {where, bytes}); });
}

/// Copies `message` into the ring or a chunk and publishes it. Padding travels as zeros, never as
/// what lay in memory before.
template <wire::in_place T>
bool send_copy(topic_publisher& to, const T& message, const patience& limit) {
    if constexpr (fits_slot<T>) {
        if constexpr (wire::has_padding<T>) {
            alignas(T) std::byte bytes[sizeof(T)];
            wire::copy_without_padding(bytes, message);
            return to.publish_inline(bytes, sizeof(T), limit);
        } else {
            return to.publish_inline(&message, sizeof(T), limit);
        }
    } else {
        const auto chunk = to.loan(sizeof(T), limit);
        if (!chunk) return false;
        wire::copy_without_padding(chunk->data, message);
        if (to.publish_loan(*chunk, sizeof(T), limit)) return true;
        to.give_back(*chunk);
        return false;
    }
}

/// Where a loaned message is written: in the loan itself, or in a chunk of the segment.
template <class T, bool InSlot = fits_slot<T>>
class loan_slot;

template <class T>
class loan_slot<T, true> {
public:
    static std::optional<loan_slot> borrow(topic_publisher&, const patience&) {
        return loan_slot{};
    }
    T& value() noexcept { return value_; }
    bool publish(topic_publisher& to, const patience& limit) {
        return send_copy(to, value_, limit);
    }
    void give_back(topic_publisher&) noexcept {}

private:
    T value_{};
};

template <class T>
class loan_slot<T, false> {
    static_assert(chunk_aligned<T>, "a message is aligned to at most 64 bytes");

public:
    loan_slot() = default;

    static std::optional<loan_slot> borrow(topic_publisher& from, const patience& limit) {
        const auto chunk = from.loan(sizeof(T), limit);
        if (!chunk) return std::nullopt;
        return loan_slot{*chunk};
    }
    T& value() noexcept { return *reinterpret_cast<T*>(chunk_.data); }
    bool publish(topic_publisher& to, const patience& limit) {
        return to.publish_loan(chunk_, sizeof(T), limit);
    }
    void give_back(topic_publisher& to) noexcept { to.give_back(chunk_); }

private:
    explicit loan_slot(chunk_loan chunk) : chunk_{chunk} {}

    chunk_loan chunk_{};
};

}  // namespace signet::transport::shm
