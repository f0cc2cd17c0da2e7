// SPDX-License-Identifier: Apache-2.0
// Relaxed throughout this file: a file has its name, and so its other readers, only when its header
// is written, and that never changes again.
#include <signet/memory/region_layout.hpp>

#include <signet/base/crc32c.hpp>

#include <array>
#include <span>

namespace signet::memory {
namespace {

constexpr std::uint64_t region_bytes_max = std::uint64_t{1} << 38;
constexpr std::uint32_t objects_limit = 1u << 16;

std::uint32_t check_of(const region_geometry& shape, std::uint64_t id) {
    const std::array<std::uint64_t, 5> words{region_layout_version, shape.bytes, shape.seats,
                                             shape.objects, id};
    return crc32c(std::as_bytes(std::span{words}));
}

}  // namespace

bool region_geometry::sound() const noexcept {
    return seats >= 1 && seats <= seats_limit && objects >= 1 && objects <= objects_limit &&
           bytes % page_bytes == 0 && bytes <= region_bytes_max && bytes >= bytes_min();
}

std::uint64_t kind_and_check(object_kind kind, const entry_words& words) noexcept {
    const auto number = static_cast<std::uint64_t>(kind);
    const std::uint32_t check =
        crc32c(std::as_bytes(std::span{words}), crc32c(std::as_bytes(std::span{&number, 1})));
    return std::uint64_t{check} << 32 | number;
}

void format_region(std::byte* memory, const region_geometry& shape, std::uint64_t id) noexcept {
    auto& header = *reinterpret_cast<region_header*>(memory);
    header.magic.store(region_magic, std::memory_order_relaxed);
    header.version.store(region_layout_version, std::memory_order_relaxed);
    header.bytes.store(shape.bytes, std::memory_order_relaxed);
    header.seats.store(shape.seats, std::memory_order_relaxed);
    header.objects.store(shape.objects, std::memory_order_relaxed);
    header.id.store(id, std::memory_order_relaxed);
    header.check.store(check_of(shape, id), std::memory_order_relaxed);
}

std::string flaw_of(const std::byte* memory, std::uint64_t bytes, region_geometry& shape) {
    if (bytes < page_bytes) return "it is too short to be a region";
    const auto& header = *reinterpret_cast<const region_header*>(memory);
    if (header.magic.load(std::memory_order_relaxed) != region_magic) return "it is no region";
    const std::uint32_t version = header.version.load(std::memory_order_relaxed);
    if (version != region_layout_version) {
        return "it has layout " + std::to_string(version) + ", this program knows " +
               std::to_string(region_layout_version);
    }
    shape = {header.bytes.load(std::memory_order_relaxed),
             header.seats.load(std::memory_order_relaxed),
             header.objects.load(std::memory_order_relaxed)};
    if (header.check.load(std::memory_order_relaxed) !=
        check_of(shape, header.id.load(std::memory_order_relaxed))) {
        return "its header is damaged";
    }
    if (!shape.sound()) return "its header is impossible";
    if (shape.bytes != bytes) {
        return "it has " + std::to_string(bytes) + " bytes, and should have " +
               std::to_string(shape.bytes);
    }
    return {};
}

}  // namespace signet::memory
