// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/channel_frame.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/frame.hpp>
#include <signet/wire/plan.hpp>

namespace signet::transport {
namespace {

namespace key {
constexpr std::string_view version = "version";
constexpr std::string_view limit = "message_bytes_max";
constexpr std::string_view sends = "sends";
constexpr std::string_view receives = "receives";
}  // namespace key

std::optional<wire::type_descriptor> type_in(const wire::frame_reader& frame,
                                             std::string_view which) {
    if (!frame.has(which)) return std::nullopt;
    return wire::decode_descriptor(frame.bytes(which));
}

void require_one_way(const wire::type_descriptor& reads, const wire::type_descriptor& sent,
                     std::string_view who) {
    const auto obstacles = wire::reading_obstacles(reads, sent);
    if (obstacles.empty()) return;
    std::string text;
    for (const std::string& line : obstacles) text += (text.empty() ? "" : "; ") + line;
    throw error{errc::incompatible_type, "talk with the peer", sent.name(),
                std::string{who} + text};
}

}  // namespace

std::vector<std::byte> written_greeting(const channel_types& types,
                                        const channel_options& options) {
    wire::frame_writer frame{"hello"};
    frame.put(key::version, channel_protocol_version);
    frame.put(key::limit, options.message_bytes_max);
    if (types.sends != nullptr)
        frame.put(key::sends, std::span<const std::byte>{wire::encode(*types.sends)});
    if (types.receives != nullptr) {
        frame.put(key::receives, std::span<const std::byte>{wire::encode(*types.receives)});
    }
    return frame.take();
}

greeting read_greeting(std::span<const std::byte> bytes) {
    const wire::frame_reader frame{bytes};
    if (frame.kind() != "hello") {
        throw error{errc::peer_misbehaved, "talk with the peer", {}, "it did not say hello"};
    }
    const std::uint64_t version = frame.u64(key::version);
    if (version != channel_protocol_version) {
        throw error{errc::incompatible_version,
                    "talk with the peer",
                    {},
                    "it speaks version " + std::to_string(version) + " of channels, we speak " +
                        std::to_string(channel_protocol_version)};
    }
    return {frame.u64(key::limit), type_in(frame, key::sends), type_in(frame, key::receives)};
}

void require_readable(const channel_types& ours, const greeting& theirs) {
    if (ours.receives != nullptr && theirs.sends) {
        require_one_way(*ours.receives, *theirs.sends, "we cannot read what it sends: ");
    }
    if (ours.sends != nullptr && theirs.receives) {
        require_one_way(*theirs.receives, *ours.sends, "it cannot read what we send: ");
    }
}

}  // namespace signet::transport
