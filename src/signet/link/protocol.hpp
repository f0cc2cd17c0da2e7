// SPDX-License-Identifier: Apache-2.0
// The words of the control link: which frames two contexts exchange and what they carry. Each frame
// is one MessagePack map in one seqpacket message; docs/formats.md draws them.
#pragma once

#include <cstdint>
#include <string_view>

namespace signet::link {

/// Both sides name theirs in `hello`; another version is refused with words that say both.
inline constexpr std::uint64_t protocol_version = 3;

/// Frames between contexts.
namespace kind {
inline constexpr std::string_view hello = "hello";        ///< first on each link, both ways
inline constexpr std::string_view refuse = "refuse";      ///< why something was declined
inline constexpr std::string_view goodbye = "goodbye";    ///< the context ends in good order
inline constexpr std::string_view announce = "announce";  ///< an endpoint of a topic is here
inline constexpr std::string_view inspect = "inspect";    ///< onlooker to context: what is here?
inline constexpr std::string_view report = "report";      ///< the answer, one for each endpoint
inline constexpr std::string_view page = "page";          ///< likewise, one for each page of counts

/// Frames between endpoints: they carry `to` and `from`.
inline constexpr std::string_view join = "join";        ///< subscriber to publisher, with its page
inline constexpr std::string_view welcome = "welcome";  ///< the answer, with segment, bells, event
inline constexpr std::string_view extent = "extent";    ///< publisher to subscriber: more chunks
inline constexpr std::string_view evict = "evict";      ///< publisher to subscriber: it held it up
inline constexpr std::string_view leave = "leave";      ///< either side ends in good order
}  // namespace kind

namespace key {
inline constexpr std::string_view version = "version";
inline constexpr std::string_view context = "context";
inline constexpr std::string_view pid = "pid";
inline constexpr std::string_view command = "command";
inline constexpr std::string_view to = "to";
inline constexpr std::string_view from = "from";
inline constexpr std::string_view topic = "topic";
inline constexpr std::string_view side = "side";
inline constexpr std::string_view code = "code";
inline constexpr std::string_view reason = "reason";
inline constexpr std::string_view type = "type";
inline constexpr std::string_view policy = "policy";
inline constexpr std::string_view held_max = "held_max";
inline constexpr std::string_view start = "start";
inline constexpr std::string_view depth = "depth";
inline constexpr std::string_view slot_bytes = "slot_bytes";
inline constexpr std::string_view payload_bytes_max = "payload_bytes_max";
inline constexpr std::string_view chunk_bytes = "chunk_bytes";
inline constexpr std::string_view chunk_count = "chunk_count";
inline constexpr std::string_view fence = "fence";
inline constexpr std::string_view history = "history";
inline constexpr std::string_view timed = "timed";
inline constexpr std::string_view number = "number";
inline constexpr std::string_view left = "left";
inline constexpr std::string_view allow_block = "allow_block";
inline constexpr std::string_view published = "published";
inline constexpr std::string_view received = "received";
inline constexpr std::string_view lost = "lost";
inline constexpr std::string_view subscribers = "subscribers";
inline constexpr std::string_view publishers = "publishers";
inline constexpr std::string_view skipped = "skipped";
inline constexpr std::string_view pages = "pages";
inline constexpr std::string_view publisher = "publisher";
inline constexpr std::string_view held_total = "held_total";
inline constexpr std::string_view granted = "granted";
inline constexpr std::string_view subscribers_max = "subscribers_max";
}  // namespace key

/// The most pages that a context hands to an onlooker who asks once, so that one who does not read
/// what it asked for ties up no more descriptors than these.
inline constexpr std::uint64_t pages_at_once = 64;

}  // namespace signet::link
