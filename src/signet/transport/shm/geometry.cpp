// SPDX-License-Identifier: Apache-2.0
#include <signet/base/error.hpp>
#include <signet/transport/shm/topic_publisher.hpp>

#include <algorithm>
#include <bit>

namespace signet::transport::shm {
namespace {

// What a ring holds by default: a thousand small messages, or some 8 MiB of large ones. A ring well
// above the second-level cache streams fastest; beyond that it only costs memory.
constexpr std::uint64_t depth_small = 1024;
constexpr std::uint64_t depth_large_min = 8;
constexpr std::uint64_t bytes_large = std::uint64_t{8} << 20;

// The first chunks of messages that mostly fit their slots.
constexpr std::uint64_t chunk_bytes_least = 1024;

// A slot of one line costs one transfer, and two small ones share one. Beyond a line, what is
// packed closely streams fastest. Where all messages lie in chunks, a slot only says where.
std::uint64_t slot_bytes_for(const wire::type_descriptor& type, std::uint64_t payload, bool timed) {
    const bool chunked = payload > memory::inline_bytes_limit;
    const std::uint64_t inside = chunked ? 0 : payload;
    const std::uint64_t needed = sizeof(memory::slot) + inside + (timed ? memory::word_bytes : 0);
    if (chunked && !type.has_fixed_size()) return memory::line_bytes;
    if (needed <= memory::slot_bytes_min) return memory::slot_bytes_min;
    if (needed <= memory::line_bytes) return memory::line_bytes;
    return memory::round_up(needed, memory::slot_bytes_step);
}

std::uint64_t default_depth(std::uint64_t payload, bool chunked) {
    if (!chunked) return depth_small;
    return std::clamp(std::bit_floor(bytes_large / payload), depth_large_min, depth_small);
}

std::uint64_t payload_bytes_max(const publisher_options& options,
                                const wire::type_descriptor& type) {
    if (type.has_fixed_size()) return type.size();
    return options.payload_bytes_max != 0 ? options.payload_bytes_max : memory::payload_bytes_limit;
}

[[noreturn]] void bad(const std::string& topic, const std::string& advice) {
    throw error{errc::bad_option, "publish topic", topic, advice};
}

// A quarter of the ring is given up at a time, and the history must survive that.
std::uint64_t depth_for(const publisher_options& options, std::uint64_t typical, bool chunked,
                        const std::string& topic) {
    constexpr std::uint64_t most = std::uint64_t{1} << 24;
    const std::uint64_t wanted =
        options.depth != 0 ? options.depth : default_depth(typical, chunked);
    if (wanted > most) bad(topic, "depth is at most 16777216 messages");
    if (options.history > most / 4 * 3) bad(topic, "history is at most 12582912 messages");
    return std::bit_ceil(std::max({wanted, (options.history * 4 + 2) / 3, std::uint64_t{2}}));
}

}  // namespace

memory::topic_geometry choose_geometry(const publisher_options& options,
                                       const wire::type_descriptor& type,
                                       const std::string& topic) {
    const std::uint64_t most = payload_bytes_max(options, type);
    if (most > memory::payload_bytes_limit) {
        bad(topic, "a message has at most " + std::to_string(memory::payload_bytes_limit) +
                       " bytes, not " + std::to_string(most));
    }
    if (options.loans_max == 0 || options.subscribers_max == 0 || options.held_total == 0) {
        bad(topic, "loans_max, subscribers_max and held_total must not be 0");
    }
    const std::uint64_t typical =
        type.has_fixed_size() ? most : std::min(most, options.payload_bytes_typical);
    memory::topic_geometry g{};
    g.timed = options.timestamps;
    g.payload_bytes_max = most;
    g.slot_bytes = slot_bytes_for(type, typical, g.timed);
    g.depth = depth_for(options, typical, typical > g.inline_bytes_max(), topic);
    if (most > g.inline_bytes_max()) {
        const std::uint64_t first =
            type.has_fixed_size() ? most : std::max(typical, chunk_bytes_least);
        g.chunk_bytes = memory::round_up(std::min(first, most), memory::line_bytes);
        g.chunk_count = g.depth + options.loans_max + options.held_total;
    }
    if (!g.sound()) {
        bad(topic, "depth " + std::to_string(g.depth) + " times " + std::to_string(typical) +
                       " bytes is more than a segment can span");
    }
    return g;
}

}  // namespace signet::transport::shm
