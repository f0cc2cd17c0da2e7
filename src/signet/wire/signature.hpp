// SPDX-License-Identifier: Apache-2.0
// What the methods of a server take and give, as they travel when somebody asks for it
// (`signet.describe`, docs/formats.md). What is read may come from a hostile peer: its texts are
// not yet fit for a terminal. Plain values and pure functions; any thread.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::wire {

/// A parameter of a method, or its result.
struct value_signature {
    std::string name{};                       ///< of a parameter, where its method says; or empty
    std::string type{};                       ///< as people read it: "i32"; "nothing": no result
    bool optional = false;                    ///< may be left out, where all behind it may
    std::optional<type_descriptor> layout{};  ///< none: only `type` tells what it is

    friend bool operator==(const value_signature&, const value_signature&) = default;
};

struct method_signature {
    std::string name{};
    std::vector<value_signature> parameters{};
    value_signature result{};

    friend bool operator==(const method_signature&, const method_signature&) = default;
};

/// The largest description that is read.
inline constexpr std::size_t description_bytes_max = std::size_t{4} << 20;

/// The same, as it travels and as a file may keep it: layouts are encoded.
struct value_record {
    std::optional<std::string> name{};
    std::string type{};
    std::optional<bool> optional{};
    std::optional<std::vector<std::byte>> layout{};
};
struct method_record {
    std::string name{};
    std::vector<value_record> parameters{};
    value_record result{};
};

/// A layout too large to be sent is left out.
std::vector<method_record> to_records(const std::vector<method_signature>& methods);

/// Throws `error` (peer_misbehaved, or incompatible_version): a layout is none.
std::vector<method_signature> from_records(std::vector<method_record> records);

/// A list of maps, one value.
std::vector<std::byte> encode(const std::vector<method_signature>& methods);

/// Throws `error`: peer_misbehaved, incompatible_version, or too_large.
std::vector<method_signature> decode_signatures(std::span<const std::byte> encoded);

/// "add(a: i32, b: i32) -> i32", "reset()".
std::string signature_text(const method_signature& method);

}  // namespace signet::wire
