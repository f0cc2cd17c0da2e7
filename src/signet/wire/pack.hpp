// SPDX-License-Identifier: Apache-2.0
// MessagePack as far as Signet's own formats need it: nil, booleans, integers, text, bytes, lists,
// and maps with text as keys. `packer` writes, `unpack` reads what a peer wrote into a plain tree.
// Control plane only, so clarity goes before speed. Values; one thread at a time each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace signet::wire {

/// Appends values. The caller keeps what it promised: `list(2)` is followed by two values, `map(2)`
/// by two pairs of text and value.
class packer {
public:
    void flag(bool value);
    void integer(std::uint64_t value);
    void integer(std::int64_t value);
    void text(std::string_view value);
    void bytes(std::span<const std::byte> value);
    void list(std::size_t count);
    void map(std::size_t count);

    /// Values that another packer wrote.
    void append(std::span<const std::byte> packed);

    const std::vector<std::byte>& packed() const noexcept { return packed_; }
    std::vector<std::byte> take() noexcept { return std::exchange(packed_, {}); }

private:
    std::vector<std::byte> packed_;
};

/// Something MessagePack has and Signet does not use: nil, a floating-point number, an extension.
struct unused_value {
    friend bool operator==(const unused_value&, const unused_value&) = default;
};

struct unpacked;
struct unpacked_entry;
using unpacked_bytes = std::vector<std::byte>;
using unpacked_list = std::vector<unpacked>;
using unpacked_map = std::vector<unpacked_entry>;

/// A value somebody wrote. An integer is `std::int64_t` only where it is negative.
struct unpacked {
    std::variant<unused_value, bool, std::uint64_t, std::int64_t, std::string, unpacked_bytes,
                 unpacked_list, unpacked_map>
        value;
};

struct unpacked_entry {
    std::string key;
    unpacked value;
};

/// What a hostile writer may make us build.
struct unpack_limits {
    std::size_t packed_bytes = 64 * 1024;
    std::size_t elements = 8192;  ///< of one list or map
    std::size_t depth = 8;
};

/// Reads exactly one value. Throws `error` (peer_misbehaved) with `subject` in its text if `packed`
/// is anything else, goes over a limit, or has a map with a key that is not text or comes twice.
unpacked unpack(std::span<const std::byte> packed, const unpack_limits& limits,
                std::string_view subject);

}  // namespace signet::wire
