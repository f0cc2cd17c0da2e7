// SPDX-License-Identifier: Apache-2.0
// The names users give to topics and services, checked once at the door. `robot/pose` and
// `shm://robot/pose` are the same name on the default carrier. Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signet {

/// The longest name, in bytes.
inline constexpr std::size_t name_bytes_max = 200;

/// Who carries it, and what it is called there.
struct address {
    std::string scheme;  ///< "shm" where the text had no scheme
    std::string name;    ///< slash-separated segments, checked

    friend bool operator==(const address&, const address&) = default;
};

/// Takes `text` apart. A name is one or more segments of `A-Z a-z 0-9 _ . -` joined by single
/// slashes; a segment does not begin with a dot. Throws `error` (bad_name) that shows the offending
/// part and the rule.
address parse_address(std::string_view text);

/// As parse_address, for those who subscribe: a segment may also be `*`, which stands for any one
/// segment, and the last one may be `**`, which stands for any number of segments, also none.
address parse_pattern(std::string_view text);

/// Takes the address of a channel apart: "tcp://host:80" is "tcp" and "host:80", "exec:ls -l" is
/// "exec" and "ls -l". What follows the scheme is checked by its carrier. No scheme is "shm".
/// Throws `error` (bad_name): empty, or a scheme that cannot be one.
address split_address(std::string_view text);

/// What the name of a topic begins with that is carried elsewhere by a relay of this process
/// (docs/design/topics-over-channels.md); wildcards pass over it.
inline constexpr std::string_view relayed_prefix = "_relay/";

/// A name for a topic at `address` that nobody else knows: "_relay/<id>/tcp_3a_2f_2f...", a legal
/// one, shortened where the address is long.
std::string relayed_name(std::string_view address, std::uint64_t id);

/// The address that such a name was made of, or its beginning; any other name as it is.
std::string name_for_people(std::string_view name);

/// Whether a checked name stands for others.
constexpr bool is_wild(std::string_view name) {
    return name.find('*') != std::string_view::npos;
}

}  // namespace signet
