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

// A slot of one line costs one transfer, and two small messages share one. Beyond a line, what is
// packed closely streams fastest.
std::uint64_t slot_bytes_for(std::uint64_t payload) {
    const std::uint64_t needed = sizeof(memory::slot) + payload;
    if (needed <= memory::slot_bytes_min) return memory::slot_bytes_min;
    if (needed <= memory::line_bytes || needed > memory::slot_bytes_max) return memory::line_bytes;
    constexpr std::uint64_t step = memory::slot_bytes_step;
    return (needed + step - 1) / step * step;
}

std::uint64_t default_depth(std::uint64_t payload, bool chunked) {
    if (!chunked) return depth_small;
    return std::clamp(std::bit_floor(bytes_large / payload), depth_large_min, depth_small);
}

[[noreturn]] void bad(const std::string& topic, const std::string& advice) {
    throw error{errc::bad_option, "publish topic", topic, advice};
}

}  // namespace

memory::topic_geometry choose_geometry(const publisher_options& options,
                                       std::uint64_t payload_bytes_max, const std::string& topic) {
    if (payload_bytes_max > memory::payload_bytes_limit) {
        bad(topic, "a message has at most " + std::to_string(memory::payload_bytes_limit) +
                       " bytes, not " + std::to_string(payload_bytes_max));
    }
    if (options.loans_max == 0 || options.subscribers_max == 0 || options.held_total == 0) {
        bad(topic, "loans_max, subscribers_max and held_total must not be 0");
    }
    memory::topic_geometry g{};
    g.payload_bytes_max = payload_bytes_max;
    g.slot_bytes = slot_bytes_for(payload_bytes_max);
    const bool chunked = payload_bytes_max > g.inline_bytes_max();
    const std::uint64_t depth =
        options.depth != 0 ? options.depth : default_depth(payload_bytes_max, chunked);
    if (depth > std::uint64_t{1} << 24) bad(topic, "depth is at most 16777216 messages");
    g.depth = std::bit_ceil(std::max<std::uint64_t>(depth, 2));
    if (chunked) {
        g.chunk_bytes =
            (payload_bytes_max + memory::line_bytes - 1) / memory::line_bytes * memory::line_bytes;
        g.chunk_count = g.depth + options.loans_max + options.held_total;
    }
    if (!g.sound()) {
        bad(topic, "depth " + std::to_string(g.depth) + " times " +
                       std::to_string(payload_bytes_max) +
                       " bytes is more than a segment can span");
    }
    return g;
}

}  // namespace signet::transport::shm
