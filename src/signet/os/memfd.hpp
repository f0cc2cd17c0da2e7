// SPDX-License-Identifier: Apache-2.0
// Memory that is an anonymous file: shared by passing its descriptor, freed by the kernel with its
// last user, and sealed so that no peer can shrink it under a reader or write where only one may.
// Functions without state; any thread.
#pragma once

#include <signet/os/descriptor.hpp>

#include <cstdint>
#include <string>

namespace signet::os {

/// What nobody can do to a memory file any more. Combined with `|`.
enum class seals : unsigned {
    none = 0,
    seal = 1,           ///< add further seals
    shrink = 2,         ///< make it shorter
    grow = 4,           ///< make it longer
    write = 8,          ///< write at all; refused while a writable mapping exists
    future_write = 16,  ///< write, but for the mappings that exist already
};

constexpr seals operator|(seals a, seals b) noexcept {
    return static_cast<seals>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// Whether `all` has every seal of `wanted`.
constexpr bool includes(seals all, seals wanted) noexcept {
    return (all | wanted) == all;
}

/// What the kernel says about a descriptor that a peer sent, whatever the peer said.
struct memory_facts {
    std::uint64_t bytes = 0;            ///< its size
    std::uint64_t allocated_bytes = 0;  ///< how much of it has memory behind it
    seals present = seals::none;
    std::uint64_t page_bytes = 0;  ///< what its file system gives at once
    bool regular = false;          ///< a file, not a socket, pipe or device
    bool huge_pages = false;       ///< on hugetlbfs: readers of a hole die where no page is free
    bool on_tmpfs = false;
};

/// The pages of a memory file.
enum class memory_pages {
    standard,
    huge,  ///< of 2 MiB; the size must be a multiple
};

/// Creates a memory file of `bytes` bytes, all zero, without memory behind them yet. `name` is for
/// humans (/proc/<pid>/maps). Throws `error` where descriptors or memory run out, and above the
/// limit of file sizes, which would otherwise end the process by a signal.
descriptor create_memfd(const std::string& name, std::uint64_t bytes,
                        memory_pages pages = memory_pages::standard);

/// Seals `memory` for good. Throws `error`: busy for `write` while a writable mapping exists, not
/// permitted once `seal` is set.
void add_seals(const descriptor& memory, seals added);

/// Puts memory behind a range, so that storing there later cannot run out of it (SIGBUS). Throws
/// `error` where there is not enough; the range then has as much as before, or more.
void allocate(const descriptor& memory, std::uint64_t offset, std::uint64_t bytes);

/// Asks the kernel about `memory`, which may be any kind of descriptor. Throws `error` only where
/// the descriptor itself is not usable.
memory_facts inspect_memory(const descriptor& memory);

}  // namespace signet::os
