// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/stored_shape.hpp>

#include <signet/base/crc32c.hpp>
#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/os/replace_file.hpp>

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace signet::pattern {
namespace {

constexpr std::uint64_t shape_magic = 0x3165706168737153;
constexpr std::uint32_t shape_version = 1;
constexpr std::size_t shape_bytes_max = std::size_t{1} << 20;

struct shape_bytes {
    std::uint64_t magic = 0;
    std::uint32_t version = 0;
    std::uint32_t check = 0;
    std::uint64_t bytes = 0;
    std::uint64_t message_bytes_max = 0;
    std::uint64_t id_window_ns = 0;
    std::uint32_t priorities = 0;
    std::uint32_t seats = 0;
    std::uint32_t deliveries_max = 0;
    std::uint32_t payload_alignment = 0;
    std::uint32_t flags = 0;
    std::uint32_t type_bytes = 0;
};
static_assert(sizeof(shape_bytes) == 64);

std::uint32_t check_of(shape_bytes head, std::span<const std::byte> type) {
    head.check = 0;
    return crc32c(type, crc32c(std::as_bytes(std::span{&head, 1})));
}

queue_shape shape_from(const shape_bytes& head, std::span<const std::byte> type) {
    queue_shape shape;
    shape.bytes = head.bytes;
    shape.message_bytes_max = head.message_bytes_max;
    shape.priorities = head.priorities;
    shape.seats = head.seats;
    shape.deliveries_max = head.deliveries_max;
    shape.id_window = std::chrono::nanoseconds{static_cast<std::int64_t>(head.id_window_ns)};
    shape.expired =
        (head.flags & 1) != 0 ? expired_messages::kept_as_dead_letters : expired_messages::dropped;
    shape.payload_alignment = head.payload_alignment;
    shape.type.assign(type.begin(), type.end());
    shape.least = durability::host_crash;
    return shape;
}

}  // namespace

void store_shape(const os::directory& in, const queue_shape& shape) {
    shape_bytes head{.magic = shape_magic,
                     .version = shape_version,
                     .bytes = shape.bytes,
                     .message_bytes_max = shape.message_bytes_max,
                     .id_window_ns = static_cast<std::uint64_t>(shape.id_window.count()),
                     .priorities = shape.priorities,
                     .seats = shape.seats,
                     .deliveries_max = shape.deliveries_max,
                     .payload_alignment = shape.payload_alignment,
                     .flags = shape.expired == expired_messages::kept_as_dead_letters ? 1U : 0U,
                     .type_bytes = static_cast<std::uint32_t>(shape.type.size())};
    head.check = check_of(head, shape.type);
    std::vector<std::byte> bytes(sizeof head);
    std::memcpy(bytes.data(), &head, sizeof head);
    bytes.insert(bytes.end(), shape.type.begin(), shape.type.end());
    os::replace_file({in, shape_file_name}, bytes, os::durability::host_crash);
}

std::optional<queue_shape> stored_shape(const os::directory& in) {
    const os::file_place place{in, shape_file_name};
    const std::optional<std::string> text = os::read_file(place, shape_bytes_max);
    if (!text) return std::nullopt;
    const std::span<const std::byte> bytes = std::as_bytes(std::span{*text});
    shape_bytes head;
    const bool long_enough = bytes.size() >= sizeof head;
    if (long_enough) std::memcpy(&head, bytes.data(), sizeof head);
    const std::span<const std::byte> type = bytes.subspan(long_enough ? sizeof head : 0);
    const bool sound = long_enough && head.magic == shape_magic && head.type_bytes == type.size() &&
                       head.check == check_of(head, type);
    if (!sound) {
        throw error{errc::damaged, "open queue", place.path(),
                    "the file that says how the queue was made is not whole; put back a copy"};
    }
    if (head.version == shape_version) return shape_from(head, type);
    throw error{errc::incompatible_version, "open queue", place.path(),
                "it is of version " + std::to_string(head.version) + ", this is " +
                    std::to_string(shape_version)};
}

}  // namespace signet::pattern
