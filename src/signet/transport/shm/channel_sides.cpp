// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/channel_sides.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/frame.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::shm {
namespace {

constexpr std::uint64_t version = 3;
constexpr std::uint64_t lap_bytes_min = memory::page_bytes;

namespace kind {
constexpr std::string_view channel = "channel";
constexpr std::string_view refuse = "refuse";
}  // namespace kind

namespace key {
constexpr std::string_view version = "version";
constexpr std::string_view name = "name";
constexpr std::string_view greeting = "greeting";
constexpr std::string_view lap_bytes = "lap_bytes";
constexpr std::string_view payload_bytes_max = "payload_bytes_max";
constexpr std::string_view fences = "fences";
constexpr std::string_view reason = "reason";
}  // namespace key

/// What comes with a hello, in this order: segment, bells, event, board.
constexpr std::size_t hello_descriptors = 4;

memory::byte_ring_geometry shape_for(const channel_options& options, const std::string& channel) {
    memory::byte_ring_geometry shape{};
    shape.payload_bytes_max = options.message_bytes_max;
    if (options.buffer_bytes <= 2 * memory::byte_ring_geometry::lap_bytes_max) {
        shape.lap_bytes =
            memory::round_up(std::max(options.buffer_bytes / 2, lap_bytes_min), memory::line_bytes);
    }
    if (shape.sound()) return shape;
    throw error{errc::bad_option, "open channel", channel,
                "message_bytes_max is 1 to " + std::to_string(memory::record_word::bytes_max) +
                    ", buffer_bytes at most " +
                    std::to_string(2 * memory::byte_ring_geometry::lap_bytes_max)};
}

memory::byte_ring_geometry shape_in(const wire::frame_reader& frame) {
    const memory::byte_ring_geometry shape{.lap_bytes = frame.u64(key::lap_bytes),
                                           .payload_bytes_max = frame.u64(key::payload_bytes_max)};
    if (shape.sound()) return shape;
    throw error{errc::peer_misbehaved, "talk with the peer", {}, "its ring cannot be of that size"};
}

void require_fit(const wire::frame_reader& frame, std::string_view channel) {
    const std::uint64_t theirs = frame.u64(key::version);
    if (theirs != version) {
        throw error{errc::incompatible_version, "talk with the peer", channel,
                    "it speaks version " + std::to_string(theirs) +
                        " of channels in shared memory, we speak " + std::to_string(version)};
    }
    if (frame.text(key::name) != channel) {
        throw error{errc::refused, "talk with the peer", channel,
                    "the other end means '" + std::string{frame.text(key::name)} + "'"};
    }
}

peer_side side_in(const wire::frame_reader& frame, std::vector<os::descriptor> given) {
    if (given.size() != hello_descriptors) {
        throw error{
            errc::peer_misbehaved, "talk with the peer", {}, "it did not send its memory along"};
    }
    peer_side peer{.said = read_greeting(frame.bytes(key::greeting)),
                   .shape = shape_in(frame),
                   .segment = {},
                   .bells = map_group_memory(given[1], sizeof(memory::bell_page)),
                   .rung = std::move(given[2]),
                   .board = map_group_memory(given[3], sizeof(memory::ready_board)),
                   .fencing = frame.flag(key::fences) ? life::fence_mode::on_demand
                                                      : life::fence_mode::always};
    peer.segment = map_peer_memory(
        given[0], {.bytes = peer.shape.segment_bytes(), .used_bytes = sizeof(memory::ring_page)});
    return peer;
}

[[noreturn]] void complain_of_refusal(const wire::frame_reader& frame, std::string_view channel) {
    throw error{errc::refused, "open channel", channel,
                "the other end declined: " + std::string{frame.text_or(key::reason, "no reason")}};
}

}  // namespace

own_side::own_side(const channel_options& options, const std::string& channel)
    : shape{shape_for(options, channel)},
      segment{create_own_memory("signet-ring", shape.segment_bytes())},
      bells{create_group_memory("signet-bells", sizeof(memory::bell_page))},
      board{life::ready_board::of_this_process()},
      fencing{life::fencing_of_this_process()} {
    make_present(segment, 0, sizeof(memory::ring_page), paging::on_demand);
    make_present(bells, 0, sizeof(memory::bell_page), paging::on_demand);
    memory::begin_ring_page(page());
}

bool say_hello(os::seqpacket_socket& to, own_side& ours, std::string_view channel,
               const channel_types& types, const channel_options& options) {
    const auto greeting = written_greeting(types, options);
    const auto frame = wire::frame_writer{kind::channel}
                           .put(key::version, version)
                           .put(key::name, channel)
                           .put(key::greeting, std::span<const std::byte>{greeting})
                           .put(key::lap_bytes, ours.shape.lap_bytes)
                           .put(key::payload_bytes_max, ours.shape.payload_bytes_max)
                           .put(key::fences, ours.fencing == life::fence_mode::on_demand)
                           .take();
    const std::array<int, hello_descriptors> given{ours.segment.file.get(), ours.bells.file.get(),
                                                   ours.rung.fd(), ours.board->file().get()};
    const bool sent = to.try_send(frame, given) == os::send_result::sent;
    ours.segment.file = {};
    ours.bells.file = {};
    return sent;
}

void say_no(os::seqpacket_socket& to, std::string_view reason) noexcept try {
    to.try_send(wire::frame_writer{kind::refuse}.put(key::reason, reason).take());
} catch (const error&) {
    // it learns no more than that it was closed
}

std::optional<peer_side> hear_hello(os::seqpacket_socket& from, std::string_view channel,
                                    const channel_types& types) {
    std::vector<std::byte> buffer(wire::frame_bytes_max);
    auto got = from.try_receive(buffer, hello_descriptors);
    if (got.status == os::receive_status::empty) return std::nullopt;
    if (got.status == os::receive_status::closed) {
        throw error{errc::peer_died, "use channel", channel,
                    "the other process ended without closing it, before it said hello"};
    }
    if (got.descriptors_lost) {
        throw error{std::make_error_code(std::errc::too_many_files_open), "open channel", channel,
                    "close some, or raise the limit of open files (ulimit -n)"};
    }
    const wire::frame_reader frame{std::span{buffer}.first(got.bytes)};
    if (frame.kind() == kind::refuse) complain_of_refusal(frame, channel);
    if (frame.kind() != kind::channel || got.truncated) {
        throw error{errc::peer_misbehaved, "talk with the peer", channel, "it did not say hello"};
    }
    require_fit(frame, channel);
    peer_side peer = side_in(frame, std::move(got.descriptors));
    require_readable(types, peer.said);
    return peer;
}

}  // namespace signet::transport::shm
