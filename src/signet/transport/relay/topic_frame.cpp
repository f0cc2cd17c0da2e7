// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/topic_frame.hpp>

#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/frame.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace signet::transport::relay {
namespace {

namespace kind {
constexpr std::string_view subscribe = "subscribe";
constexpr std::string_view accept = "accept";
constexpr std::string_view refuse = "refuse";
}  // namespace kind

constexpr std::byte message_mark{1};
constexpr std::size_t words_max = 200;    ///< of a command
constexpr std::size_t reason_max = 4096;  ///< of a refusal

[[noreturn]] void misbehaved(const std::string& why) {
    throw error{errc::peer_misbehaved, "carry a topic", {}, why};
}

wire::frame_writer begin(std::string_view kind, const remote_end& who) {
    wire::frame_writer frame{kind};
    frame.put("version", topic_protocol_version)
        .put("endpoint", who.endpoint)
        .put("command", std::string_view{who.command}.substr(0, words_max));
    return frame;
}

void check_version(const wire::frame_reader& frame) {
    const std::uint64_t theirs = frame.u64("version");
    if (theirs == topic_protocol_version) return;
    throw error{errc::incompatible_version,
                "carry a topic",
                {},
                "the other end speaks version " + std::to_string(theirs) + ", this one version " +
                    std::to_string(topic_protocol_version) + "; build both with the same Signet"};
}

remote_end read_end(const wire::frame_reader& frame) {
    return {.endpoint = frame.u64("endpoint"),
            .command = std::string{frame.text("command").substr(0, words_max)}};
}

delivery policy_of(std::uint64_t number) {
    if (number <= static_cast<std::uint64_t>(delivery::latest)) {
        return static_cast<delivery>(number);
    }
    misbehaved("it asks for an unknown policy");
}

refusal refusal_in(const wire::frame_reader& frame) {
    const std::uint64_t code = frame.u64("code");
    const bool known = code != 0 && code <= static_cast<std::uint64_t>(errc::damaged);
    return {read_end(frame), known ? static_cast<errc>(code) : errc::refused,
            std::string{frame.text("reason").substr(0, reason_max)}};
}

void put_u64(std::span<std::byte, 8> into, std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) into[i] = static_cast<std::byte>(value >> 8 * i & 0xff);
}

std::uint64_t get_u64(std::span<const std::byte, 8> from) {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- != 0;) value = value << 8 | std::to_integer<std::uint64_t>(from[i]);
    return value;
}

}  // namespace

std::vector<std::byte> write(const subscription& what) {
    auto frame = begin(kind::subscribe, what.who);
    frame.put("policy", static_cast<std::uint64_t>(what.options.policy))
        .put("history", what.options.history)
        .put("interval_ns", static_cast<std::uint64_t>(what.options.interval_min.count()));
    if (what.type) frame.put("type", wire::encode(*what.type));
    return frame.take();
}

std::vector<std::byte> write(const acceptance& what) {
    return begin(kind::accept, what.who)
        .put("type", wire::encode(what.type))
        .put("payload_bytes_max", what.payload_bytes_max)
        .put("now_ns", what.now_ns)
        .take();
}

std::vector<std::byte> write(const refusal& what) {
    return begin(kind::refuse, what.who)
        .put("code", static_cast<std::uint64_t>(what.code))
        .put("reason", std::string_view{what.reason}.substr(0, reason_max))
        .take();
}

std::array<std::byte, message_header_bytes> header_of(const relayed_message& message) {
    std::array<std::byte, message_header_bytes> header{};
    header[0] = message_mark;
    const std::span<std::byte, message_header_bytes> all{header};
    put_u64(all.subspan<8, 8>(), message.number);
    put_u64(all.subspan<16, 8>(), message.time_ns);
    put_u64(all.subspan<24, 8>(), message.lost_before);
    return header;
}

bool is_message(std::span<const std::byte> frame) {
    return !frame.empty() && frame.front() == message_mark;
}

relayed_message read_message(std::span<const std::byte> frame) {
    if (frame.size() < message_header_bytes || !is_message(frame)) {
        misbehaved("it sends something that is no message");
    }
    const auto header = frame.first<message_header_bytes>();
    const auto zero = [](std::byte one) { return one == std::byte{0}; };
    if (!std::all_of(header.begin() + 1, header.begin() + 8, zero)) {
        misbehaved("the header of a message has bits that mean nothing");
    }
    const std::uint64_t number = get_u64(header.subspan<8, 8>());
    if (number >> 63 != 0) misbehaved("the number of a message cannot be");
    return {.number = number,
            .time_ns = get_u64(header.subspan<16, 8>()),
            .lost_before = get_u64(header.subspan<24, 8>()),
            .bytes = frame.subspan(message_header_bytes)};
}

subscription read_subscription(std::span<const std::byte> bytes) {
    const wire::frame_reader frame{bytes};
    if (frame.kind() != kind::subscribe) misbehaved("it does not begin with what it wants");
    check_version(frame);
    subscription what{.who = read_end(frame)};
    what.options.policy = policy_of(frame.u64("policy"));
    what.options.history = frame.u64("history");
    constexpr std::chrono::nanoseconds longest = std::chrono::hours{24};
    what.options.interval_min = std::min<std::chrono::nanoseconds>(
        longest, std::chrono::nanoseconds{static_cast<std::int64_t>(frame.u64("interval_ns") &
                                                                    std::uint64_t{INT64_MAX})});
    if (what.options.policy != delivery::latest) what.options.interval_min = {};
    if (frame.has("type")) what.type = wire::decode_descriptor(frame.bytes("type"));
    return what;
}

acceptance read_answer(std::span<const std::byte> bytes, const std::string& address,
                       std::optional<refusal>& refused) {
    const wire::frame_reader frame{bytes};
    check_version(frame);
    if (frame.kind() == kind::refuse) {
        refused = refusal_in(frame);
        throw error{refused->code, "join topic", address, refused->reason};
    }
    if (frame.kind() != kind::accept) misbehaved("it does not answer what it was asked");
    return {.who = read_end(frame),
            .type = wire::decode_descriptor(frame.bytes("type")),
            .payload_bytes_max = frame.u64("payload_bytes_max"),
            .now_ns = frame.u64("now_ns")};
}

refusal read_refusal(std::span<const std::byte> bytes) {
    const wire::frame_reader frame{bytes};
    check_version(frame);
    if (frame.kind() != kind::refuse) misbehaved("it asks twice");
    return refusal_in(frame);
}

}  // namespace signet::transport::relay
