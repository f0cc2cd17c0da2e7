// SPDX-License-Identifier: Apache-2.0
// The memory of a topic: created, sealed and mapped by its one writer; checked and mapped by the
// others. What a peer sends is judged by what the kernel says of it, never by what the peer says.
// Free functions; any thread.
#pragma once

#include <signet/memory/topic_layout.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/mapping.hpp>
#include <signet/transport/topic.hpp>

#include <cstddef>
#include <string>

namespace signet::transport::shm {

/// Memory with the descriptor that hands it on.
struct shared_memory {
    os::descriptor file;
    os::mapping bytes;
};

/// Memory that only this process can ever write: a segment or a subscriber page. Sparse; rounded
/// up to whole pages.
shared_memory create_own_memory(const std::string& name, std::uint64_t bytes,
                                page_size pages = page_size::standard);

/// Puts memory behind a range of our own memory, so that storing there cannot run out of it; where
/// it is not `on_demand`, also without a page fault. Throws `error`.
void make_present(shared_memory& own, std::uint64_t offset, std::uint64_t bytes, paging how);

/// Makes what a peer's memory has now readable without a page fault, as `how` asks. Throws `error`.
void prefault(os::mapping& mapped, const os::descriptor& file, paging how);

/// Memory that everybody who gets the descriptor may write: a bell page.
shared_memory create_group_memory(const std::string& name, std::uint64_t bytes);

/// What a peer's memory must be.
struct expected_memory {
    std::uint64_t bytes;       ///< its size, exactly
    std::uint64_t used_bytes;  ///< the first so many are used at any time
    bool huge_pages = false;   ///< it may lie in huge pages: its owner is of our own user
};

/// Maps what a peer sent as its own memory, read-only. Throws `error` (peer_misbehaved) unless it
/// is memory of the expected size, in whole pages, that nobody but its creator can write, shrink or
/// punch. A look at a hole takes memory too, so what is used is filled here where a peer left holes
/// in it: there being none is an `error`, and no signal later.
os::mapping map_peer_memory(const os::descriptor& file, const expected_memory& expected);

/// Maps the first `bytes` bytes of such memory, which may be longer, and in huge pages.
os::mapping map_head_of_peer_memory(const os::descriptor& file, std::uint64_t bytes);

/// Maps a bell page that a peer sent. Throws `error` likewise.
os::mapping map_group_memory(const os::descriptor& file, std::uint64_t bytes);

}  // namespace signet::transport::shm
