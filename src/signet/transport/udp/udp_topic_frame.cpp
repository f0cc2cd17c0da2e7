// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_topic_frame.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/udp/little_endian.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/frame.hpp>

#include <algorithm>

namespace signet::transport::udp {
namespace {

constexpr std::uint32_t topic_magic = 0x31746773;  // "sgt1"
constexpr std::uint64_t version = 1;

bool is_possible(const topic_datagram& one, std::size_t body) {
    if (one.kind != topic_datagram_kind::piece) return true;
    const bool empty = one.length == 0 && one.offset == 0 && body == 0;
    if (empty) return true;
    if (one.length > topic_message_bytes_max || one.offset >= one.length) return false;
    const std::size_t rest = one.length - one.offset;
    return one.offset % piece_bytes == 0 && body == std::min(rest, piece_bytes);
}

}  // namespace

void topic_datagram::write(std::span<std::byte, bytes> to) const noexcept {
    put_number(to.data(), topic_magic);
    put_number(to.data() + 4, static_cast<std::uint32_t>(kind));
    put_number(to.data() + 8, publisher);
    put_number(to.data() + 16, number);
    put_number(to.data() + 24, time_ns);
    put_number(to.data() + 32, length);
    put_number(to.data() + 36, offset);
}

std::optional<topic_datagram> topic_datagram::read(std::span<const std::byte> from) noexcept {
    if (from.size() < bytes || get_number<std::uint32_t>(from.data()) != topic_magic)
        return std::nullopt;
    const auto kind = get_number<std::uint32_t>(from.data() + 4);
    if (kind >= topic_datagram_kinds) return std::nullopt;
    const topic_datagram found{.kind = topic_datagram_kind{kind},
                               .publisher = get_number<std::uint64_t>(from.data() + 8),
                               .number = get_number<std::uint64_t>(from.data() + 16),
                               .time_ns = get_number<std::uint64_t>(from.data() + 24),
                               .length = get_number<std::uint32_t>(from.data() + 32),
                               .offset = get_number<std::uint32_t>(from.data() + 36)};
    if (!is_possible(found, from.size() - bytes)) return std::nullopt;
    return found;
}

std::vector<std::byte> written(topic_datagram header, const announcement& about) {
    wire::frame_writer frame{"publisher"};
    frame.put("version", version);
    frame.put("type", std::span<const std::byte>{wire::encode(about.type)});
    frame.put("payload_bytes_max", about.payload_bytes_max);
    frame.put("command", std::string_view{about.command});
    const auto body = frame.take();
    header.kind = topic_datagram_kind::announcement;
    std::vector<std::byte> all(topic_datagram::bytes + body.size());
    header.write(std::span{all}.first<topic_datagram::bytes>());
    std::copy(body.begin(), body.end(), all.begin() + topic_datagram::bytes);
    return all;
}

announcement read_announcement(std::span<const std::byte> body) {
    const wire::frame_reader frame{body};
    if (frame.kind() != "publisher") {
        throw error{errc::peer_misbehaved, "join topic", {}, "it is no announcement"};
    }
    if (const std::uint64_t theirs = frame.u64("version"); theirs != version) {
        throw error{errc::incompatible_version,
                    "join topic",
                    {},
                    "it speaks version " + std::to_string(theirs) + " of topics over UDP, we " +
                        std::to_string(version)};
    }
    return {wire::decode_descriptor(frame.bytes("type")),
            std::min(frame.u64("payload_bytes_max"), topic_message_bytes_max),
            std::string{frame.text("command")}};
}

}  // namespace signet::transport::udp
