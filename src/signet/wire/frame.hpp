// SPDX-License-Identifier: Apache-2.0
// The frames of a control link: what two processes tell each other beside the messages. One frame
// is one MessagePack map is one datagram. A reader ignores keys it does not know, so that protocols
// may grow; it takes nothing from the peer on trust. Values; one thread at a time each.
//
//     map { "kind": text, key: value, ... }    value: flag | integer | text | bytes | list of maps
//
//     frame_writer{"hello"}.put("pid", 42).take()
//     82                   map of 2
//     a4 'k' 'i' 'n' 'd'   a5 'h' 'e' 'l' 'l' 'o'
//     a3 'p' 'i' 'd'       2a
#pragma once

#include <signet/wire/pack.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::wire {

inline constexpr std::size_t frame_bytes_max = 64 * 1024;

/// Writes a frame, or one map of a list inside of a frame. Each key is put once.
class frame_writer {
public:
    /// One map of a list.
    frame_writer() = default;

    /// A frame; `kind` says which.
    explicit frame_writer(std::string_view kind) { put("kind", kind); }

    template <std::integral Number>
    frame_writer& put(std::string_view key, Number number) {
        if constexpr (std::same_as<Number, bool>) return put_flag(key, number);
        if constexpr (std::signed_integral<Number>) return put_integer(key, std::int64_t{number});
        return put_integer(key, static_cast<std::uint64_t>(number));
    }

    /// Words for people: what is not printable UTF-8 becomes U+FFFD. Use bytes for anything else.
    frame_writer& put(std::string_view key, std::string_view text);
    frame_writer& put(std::string_view key, std::span<const std::byte> bytes);
    frame_writer& put(std::string_view key, std::span<const frame_writer> list);

    /// The finished frame; the writer is empty afterwards. Throws `error` (too_large) above
    /// `frame_bytes_max`.
    [[nodiscard]] std::vector<std::byte> take();

private:
    packer& add(std::string_view key);
    frame_writer& put_flag(std::string_view key, bool flag);
    frame_writer& put_integer(std::string_view key, std::uint64_t integer);
    frame_writer& put_integer(std::string_view key, std::int64_t integer);

    packer body_;
    std::size_t count_ = 0;
};

/// Reads a frame, or one map of a list inside of a frame. Whatever a peer can get wrong throws
/// `error` (peer_misbehaved) with the frame and the key in its text: a key that is missing, a value
/// of the wrong type, a number out of range. With a default, only a missing key is forgiven.
class frame_reader {
public:
    /// Of a whole frame: copies what it needs.
    explicit frame_reader(std::span<const std::byte> frame);

    /// Valid until the reader is destroyed, as are all views it returns. A map of a list that has
    /// no kind of its own is of its frame's kind.
    const std::string& kind() const noexcept { return kind_; }

    bool has(std::string_view key) const noexcept;

    std::uint64_t u64(std::string_view key) const;
    std::uint64_t u64_or(std::string_view key, std::uint64_t otherwise) const;
    std::int64_t i64(std::string_view key) const;
    std::int64_t i64_or(std::string_view key, std::int64_t otherwise) const;
    bool flag(std::string_view key) const;
    bool flag_or(std::string_view key, bool otherwise) const;

    /// Printable UTF-8; anything else from a peer throws.
    std::string_view text(std::string_view key) const;
    std::string_view text_or(std::string_view key, std::string_view otherwise) const;

    std::span<const std::byte> bytes(std::string_view key) const;
    std::span<const std::byte> bytes_or(std::string_view key,
                                        std::span<const std::byte> otherwise) const;

    /// The maps of a list. An absent key is an empty list.
    std::vector<frame_reader> list(std::string_view key) const;

private:
    frame_reader(std::string kind, unpacked_map map);

    const unpacked* find(std::string_view key) const noexcept;
    const unpacked& at(std::string_view key) const;
    template <class Type>
    const Type& get(std::string_view key, std::string_view expected) const;
    [[noreturn]] void misbehaved(std::string_view key, std::string_view why) const;

    std::string kind_;
    unpacked_map map_;
};

}  // namespace signet::wire
