// SPDX-License-Identifier: Apache-2.0
// What a message of type T is as bytes, whichever way it travels: one trait for the typed faces.
//
//     T                             descriptor                  payload
//     plain                         structure, ...              its bytes, read in place
//     std::string                   text                        its bytes
//     std::vector<std::byte>        bytes                       its bytes
//     other dynamic types           record, list, map, ...      MessagePack (encode.hpp)
//     with a codec of its own       foreign                     what the codec writes (codec.hpp)
//
// Sending is two steps, so that the payload can be written straight into memory of the right size:
//
//     const std::size_t size = wire::payload_of<T>::bytes(message);
//     wire::payload_of<T>::encode(message, {chunk, size});
//
// Receiving needs the plan made when the publisher was joined:
//
//     const reading_plan plan = plan_reading(payload_of<T>::descriptor(), theirs);
//     T message = wire::payload_of<T>::decode(payload, plan);
#pragma once

#include <signet/wire/codec.hpp>
#include <signet/wire/decode.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/dynamic.hpp>
#include <signet/wire/encode.hpp>
#include <signet/wire/plan.hpp>

#include <cstddef>
#include <cstring>
#include <span>

namespace signet::wire {

/// For T that is `encodable` and not `in_place`: `packed<T>`. Its functions keep nothing between
/// calls; any thread.
template <packed T>
struct payload_of {
    /// Built once, at first use; valid for the life of the process. Throws `contract_violation`
    /// where the name of a codec cannot be one.
    static const type_descriptor& descriptor() { return descriptor_of<T>(); }

    /// Exactly what `encode` will write; may be 0 (an empty string). Throws `error` (too_large)
    /// where a string, list or map in it has 2^32 elements or more.
    static std::size_t bytes(const T& message) {
        if constexpr (foreign<T>) {
            return codec<T>::bytes(message);
        } else if constexpr (is_raw) {
            return message.size();
        } else {
            return encoded_bytes(message);
        }
    }

    /// Writes all of `to`, which must have `bytes(message)` bytes, once and from front to back,
    /// and never reads it. The message must not have changed since. Allocates nothing. Throws
    /// nothing, unless a codec of the user does.
    static void encode(const T& message, std::span<std::byte> to) {
        if constexpr (foreign<T>) {
            codec<T>::encode(message, to);
        } else if constexpr (is_raw) {
            format::put_body(to.data(), message.data(), message.size());
        } else {
            wire::encode(message, to.data());
        }
    }

    /// The message in `payload`, which somebody else wrote and may go on writing to. Throws `error`
    /// (peer_misbehaved), naming the field, where it is not a message of the type that `plan` was
    /// made for. Nothing in the result refers to `payload`.
    static T decode(std::span<const std::byte> payload, const reading_plan& plan) {
        if constexpr (foreign<T>) {
            return detail::decode_foreign<T>(payload);
        } else if constexpr (is_raw) {
            const auto* begin = reinterpret_cast<const typename T::value_type*>(payload.data());
            return T(begin, begin + payload.size());
        } else {
            return wire::decode<T>(payload, plan);
        }
    }

private:
    static constexpr bool is_raw = detail::shape_of<T>() == detail::shape::text ||
                                   detail::shape_of<T>() == detail::shape::bytes;
};

}  // namespace signet::wire
