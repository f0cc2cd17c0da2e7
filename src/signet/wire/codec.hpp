// SPDX-License-Identifier: Apache-2.0
// Messages that somebody else's library turns into bytes: Protobuf, FlatBuffers, Cap'n Proto, or
// code of your own. Specialise `signet::codec` for the type, and it travels like any other message,
// alone or as a field of one. Its bytes mean nothing to Signet: tools print them as base64, and two
// ends understand each other if and only if their codecs have the same name.
//
//     template <>
//     struct signet::codec<pkg::Image> {
//         static std::string name() { return "protobuf:pkg.Image"; }
//         static std::size_t bytes(const pkg::Image& image) { return image.ByteSizeLong(); }
//         static void encode(const pkg::Image& image, std::span<std::byte> to) {
//             image.SerializeToArray(to.data(), static_cast<int>(to.size()));
//         }
//         static pkg::Image decode(std::span<const std::byte> from) {
//             pkg::Image image;
//             if (!image.ParseFromArray(from.data(), static_cast<int>(from.size()))) {
//                 throw std::runtime_error{"it is not a pkg.Image"};
//             }
//             return image;
//         }
//     };
//
// The specialisation must be visible wherever the type is sent or received. One codec is called by
// as many threads as have publishers and subscribers of its type.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

namespace signet {

/// name: the schema and the message in it, the same at both ends for as long as they understand
/// each other; 1 to 1024 bytes, printable, on one line. Called once.
/// bytes: exactly as many as `encode` will write.
/// encode: writes all of `to`, which has `bytes(message)` bytes and may lie in shared memory: write
/// each byte once, and never read back. The message does not change between the two calls.
/// decode: reads what a peer wrote, so anything: do not trust it. `from` may lie in memory that a
/// hostile peer goes on writing to; a decoder that reads a byte twice first copies it. May throw
/// anything; the receiver throws it on as `error` (peer_misbehaved) with the name of the codec.
/// A type that is plain and has a codec travels by its codec, but where it is part of a struct that
/// is plain otherwise: that struct travels as its bytes.
template <class T>
struct codec;

namespace wire {

/// Has a codec of its own.
template <class T>
concept foreign =
    requires(const T& message, std::span<std::byte> to, std::span<const std::byte> from) {
        { codec<T>::name() } -> std::convertible_to<std::string>;
        { codec<T>::bytes(message) } -> std::convertible_to<std::size_t>;
        codec<T>::encode(message, to);
        { codec<T>::decode(from) } -> std::same_as<T>;
    };

}  // namespace wire
}  // namespace signet
