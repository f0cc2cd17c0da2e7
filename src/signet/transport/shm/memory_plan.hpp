// SPDX-License-Identifier: Apache-2.0
// How much memory a publisher takes, and when: known before it is created, and refused there where
// it does not fit. Plain values and free functions; any thread.
#pragma once

#include <signet/memory/topic_layout.hpp>
#include <signet/os/memory_limits.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/descriptor.hpp>

#include <cstdint>
#include <string>

namespace signet::transport::shm {

/// The memory of one publisher, without its subscribers' (one page each, or up to three).
struct memory_plan {
    std::uint64_t depth = 0;              ///< messages in the ring
    std::uint64_t slot_bytes = 0;         ///< of each, in the ring itself
    std::uint64_t chunk_bytes = 0;        ///< of a message that does not fit a slot; 0: all do
    std::uint64_t payload_bytes_max = 0;  ///< above chunk_bytes: larger chunks are made for them

    std::uint64_t chunks_at_creation = 0;  ///< that have memory from the start
    std::uint64_t chunks_full = 0;         ///< in a full ring, with all loans out
    std::uint64_t chunks_max = 0;          ///< if subscribers also hold all they may

    std::uint64_t ring_bytes = 0;         ///< header, slots and bells
    std::uint64_t bytes_at_creation = 0;  ///< taken at creation
    std::uint64_t bytes_full = 0;         ///< of chunks_full: what it must be able to get
    std::uint64_t bytes_max = 0;          ///< of chunks_max
    std::uint64_t address_bytes = 0;      ///< mapped here, and by each subscriber

    paging how = paging::on_demand;
    page_size pages = page_size::standard;

    /// Of larger messages' memory, which is made when the first one comes, nothing is in here.
    bool grows() const noexcept { return payload_bytes_max > chunk_bytes && chunk_bytes != 0; }

    /// How many huge pages must be free; 0: none are wanted.
    std::uint64_t huge_pages() const noexcept;

    /// Of the segment, from its first byte on, what has memory from the start.
    std::uint64_t segment_bytes_at_creation() const noexcept;

    friend bool operator==(const memory_plan&, const memory_plan&) = default;
};

/// The plan of a segment of this shape.
memory_plan plan_for(const memory::topic_geometry& shape, const publisher_options& options);

/// The plan of a publisher of messages of this type. Throws `error` (bad_option) where the options
/// do not fit together.
memory_plan plan_memory(const publisher_options& options, const wire::type_descriptor& type,
                        const std::string& topic = {});

/// Throws `error` (not_enough_memory, limit_reached) where these limits leave less than a full ring
/// needs; it says how much is missing where, and what to lower.
void require_memory(const memory_plan& plan, const os::memory_limits& limits,
                    const std::string& topic);

/// Lines for people.
std::string to_text(const memory_plan& plan);

/// "1.5 MiB", for texts.
std::string bytes_text(std::uint64_t bytes);

}  // namespace signet::transport::shm
