// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_layout.hpp>

#include <signet/base/crc32c.hpp>

#include <array>
#include <bit>
#include <cstring>

// Relaxed throughout this file: what is read and written here never changes once others may see it.

namespace signet::memory {
namespace {

using shape_words = std::array<std::uint64_t, 8>;

constexpr std::uint64_t two_words(std::uint32_t low, std::uint32_t high) {
    return std::uint64_t{high} << 32 | low;
}
constexpr std::uint32_t low_word(std::uint64_t word) {
    return static_cast<std::uint32_t>(word);
}
constexpr std::uint32_t high_word(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 32);
}

shape_words shape_words_of(const queue_geometry& shape) {
    return {two_words(shape.page_bytes, shape.pages),
            two_words(shape.slots, shape.seats),
            shape.message_bytes_max,
            shape.id_window_ns,
            two_words(shape.priorities, shape.deliveries_max),
            two_words(shape.id_sets, shape.flags),
            shape.id,
            two_words(shape.type_bytes, shape.payload_alignment)};
}

queue_geometry shape_in(const shape_words& words) {
    return {.page_bytes = low_word(words[0]),
            .pages = high_word(words[0]),
            .slots = low_word(words[1]),
            .seats = high_word(words[1]),
            .message_bytes_max = words[2],
            .id_window_ns = words[3],
            .priorities = low_word(words[4]),
            .deliveries_max = high_word(words[4]),
            .id_sets = low_word(words[5]),
            .flags = high_word(words[5]),
            .id = words[6],
            .type_bytes = low_word(words[7]),
            .payload_alignment = high_word(words[7])};
}

std::uint32_t shape_check_of(const shape_words& words, std::span<const std::byte> type) {
    return crc32c(type, crc32c(std::as_bytes(std::span{words})));
}

}  // namespace

bool queue_geometry::sound() const noexcept {
    constexpr std::uint64_t most = std::uint64_t{1} << 46;  // no sum below overflows
    return page_bytes >= line_bytes && page_bytes % line_bytes == 0 && pages >= 1 &&
           pages <= (1u << 30) && slots >= 1 && slots <= 65536 && seats >= 1 &&
           seats <= seats_limit && priorities >= 1 && priorities < dead_priority &&
           deliveries_max < slot_word::deliveries_most && id_sets <= (1u << 31) &&
           type_bytes <= (1u << 24) && (flags & ~queue_flags_known) == 0 &&
           message_bytes_max <= UINT32_MAX - line_bytes && std::has_single_bit(payload_alignment) &&
           payload_alignment <= line_bytes && std::uint64_t{pages} * page_bytes < most &&
           bytes() < 2 * most;
}

std::string queue_beginning(const queue_geometry& shape, std::span<const std::byte> type) {
    std::string bytes(sizeof(queue_header) + type.size(), '\0');
    const shape_words words = shape_words_of(shape);
    const std::uint64_t version_and_check =
        two_words(queue_layout_version, shape_check_of(words, type));
    std::memcpy(bytes.data(), &queue_magic, word_bytes);
    std::memcpy(bytes.data() + 8, &version_and_check, word_bytes);
    std::memcpy(bytes.data() + 16, words.data(), sizeof(words));
    if (!type.empty()) std::memcpy(bytes.data() + sizeof(queue_header), type.data(), type.size());
    return bytes;
}

const char* flaw_of(const std::byte* memory, std::uint64_t bytes, queue_geometry& shape,
                    bool& other_version) noexcept {
    other_version = false;
    if (bytes < sizeof(queue_header)) return "it is too short to be a queue";
    const auto& header = *reinterpret_cast<const queue_header*>(memory);
    if (header.magic.load(std::memory_order_relaxed) != queue_magic) return "it is no queue";
    if (header.version.load(std::memory_order_relaxed) != queue_layout_version) {
        other_version = true;
        return "it was made by another version of Signet";
    }
    shape_words words;
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = header.shape[i].load(std::memory_order_relaxed);
    const queue_geometry found = shape_in(words);
    if (found.type_bytes > bytes - sizeof(queue_header)) return "its type does not fit in it";
    const std::span type{memory + sizeof(queue_header), found.type_bytes};
    if (header.check.load(std::memory_order_relaxed) != shape_check_of(words, type)) {
        return "its shape does not have the checksum it says";
    }
    if (!found.sound()) return "its shape cannot be";
    if (found.bytes() > bytes) return "it is shorter than its shape says";
    shape = found;
    return nullptr;
}

}  // namespace signet::memory
