// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/page.hpp>

#include <signet/base/error.hpp>
#include <signet/link/protocol.hpp>
#include <signet/transport/shm/shared_memory.hpp>

#include <algorithm>

namespace signet::observe {
namespace {

namespace key = link::key;

void require(bool holds, const char* what) {
    if (!holds) throw error{errc::peer_misbehaved, "map a page of counts", {}, what};
}

/// Both kinds of page begin with these words.
bool begins_with(const os::mapping& page, std::uint64_t magic) {
    const auto& head = *reinterpret_cast<const memory::segment_header*>(page.data());
    // relaxed, both: written once, before the page was shown to anybody
    return head.magic.load(std::memory_order_relaxed) == magic &&
           head.version.load(std::memory_order_relaxed) == memory::topic_layout_version;
}

}  // namespace

counted_page read_page(const wire::frame_reader& frame, std::vector<os::descriptor> descriptors) {
    require(descriptors.size() == 1, "its frame does not carry it");
    counted_page page{.endpoint = frame.u64(key::from)};
    const bool publishes = !frame.has(key::publisher);
    if (!publishes) {
        page.publisher = frame.u64(key::publisher);
        page.held_max = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(frame.u64(key::held_max), memory::held_max_limit));
        page.timed = frame.flag(key::timed);
    }
    const std::size_t bytes = publishes ? memory::page_bytes : sizeof(memory::subscriber_page);
    page.bytes = std::make_shared<const os::mapping>(
        transport::shm::map_head_of_peer_memory(descriptors.front(), bytes));
    require(begins_with(*page.bytes, publishes ? memory::segment_magic : memory::subscriber_magic),
            "it does not begin as such pages do");
    return page;
}

}  // namespace signet::observe
