// SPDX-License-Identifier: Apache-2.0
// A page of counts that somebody else writes, mapped read-only: it is read without his knowledge
// and without a system call. What stands in it is his word; whoever reads it bounds every value.
// Any thread.
#pragma once

#include <signet/memory/topic_layout.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/mapping.hpp>
#include <signet/wire/frame.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace signet::observe {

/// Where an endpoint counts: a publisher in the first page of its segment, a subscriber in a page
/// for each publisher it reads from.
struct counted_page {
    std::uint64_t endpoint = 0;                ///< whose counts these are
    std::optional<std::uint64_t> publisher{};  ///< none: the endpoint publishes
    std::uint32_t held_max = 0;                ///< samples it may hold; of a subscriber
    bool timed = false;                        ///< whether messages say when they were published
    std::shared_ptr<const os::mapping> bytes{};

    const memory::segment_header& of_publisher() const {
        return *reinterpret_cast<const memory::segment_header*>(bytes->data());
    }
    const memory::subscriber_page& of_subscriber() const {
        return *reinterpret_cast<const memory::subscriber_page*>(bytes->data());
    }
};

/// Reads a `page` frame. Throws `error` (peer_misbehaved): not memory of its writer alone, or not
/// what the frame says it is.
counted_page read_page(const wire::frame_reader& frame, std::vector<os::descriptor> descriptors);

}  // namespace signet::observe
