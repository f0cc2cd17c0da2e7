// SPDX-License-Identifier: Apache-2.0
// A region is a file of shared memory in which processes keep what they coordinate by: locks and
// other primitives, objects of plain data, a heap. All are found by name. Each process that has it
// open has a seat in it, so that all others can prove when it dies; what it owned then passes to
// them. It outlives its users, and a reboot too where it lies on a disk. docs/design/regions.md.
//
//     signet::region shop{"shop"};
//     signet::mutex till{shop, "till"};
//     const std::scoped_lock mine{till};
//
// A region belongs to one trust group: whoever may open it may damage what is in it. The others
// are told what is damaged, and neither crash nor hang by it, with one exception that the kernel
// leaves: who cuts the file short ends all that use it (SIGBUS). Nobody can cut an anonymous one.
// Only the owner's processes can open a region by name (mode 0600).
//
// Thread safety: a region is a handle, and copies are the same one; any thread may use any copy.
// Opening takes a thread and a seat, both given back with the last copy. After fork the child's
// copies refuse to work: it opens the region anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signet::sync {

class region_core;

struct region_options {
    /// The rendezvous directory, created (mode 0700) where it is missing. Empty: $SIGNET_DIR, else
    /// /dev/shm/signet-<uid>. For regions that are opened by name.
    std::string directory{};

    // For who creates it; whoever opens it takes it as it is.

    std::uint64_t bytes = 1 << 20;  ///< of the whole file, all of it allocated at once
    std::uint32_t seats = 64;       ///< processes that may have it open, up to 510
    std::uint32_t objects = 256;    ///< named objects it may hold, up to 65536
};

/// Where every byte of a region is.
struct region_account {
    std::uint64_t bytes = 0;        ///< of the whole file
    std::uint64_t table_bytes = 0;  ///< header, seats, directory, lists of the heap
    std::uint64_t used_bytes = 0;   ///< in blocks of the heap that were given out
    std::uint64_t free_bytes = 0;   ///< in blocks that were not
    std::uint64_t used_blocks = 0;
    std::uint64_t free_blocks = 0;
};

class region {
public:
    /// Opens the region of that name, or creates it: whoever comes first. Throws `error`: no room
    /// in the file system, all seats taken (limit_reached), a file that is no region, or one of
    /// another layout (incompatible_version) or damaged.
    explicit region(std::string_view name, const region_options& options = {});

    /// Creates it; throws where it exists.
    static region create(std::string_view name, const region_options& options = {});

    /// Opens what is there; throws where there is none.
    static region open(std::string_view name, const region_options& options = {});

    /// The same for a file anywhere. Its file system must have locks of open files (OFD).
    static region create_file(const std::string& path, const region_options& options = {});
    static region open_file(const std::string& path);

    /// One without a name, which ends with its last user. Its `fd` may be handed to others.
    static region create_anonymous(const region_options& options = {});

    /// Opens the region behind a descriptor that was handed over, which stays the caller's.
    static region open_descriptor(int fd);

    /// Removes the name. Who has it open goes on; the next to open that name creates another one.
    /// False where there is none.
    static bool remove(std::string_view name, const region_options& options = {});

    /// What it is called, or its path.
    const std::string& name() const noexcept;

    /// To be handed over. Valid as long as the region.
    int fd() const;

    /// Where its bytes are. Throws `error` (damaged) where the heap contradicts itself.
    region_account account() const;

    /// For what lives in it.
    const std::shared_ptr<region_core>& core() const noexcept { return core_; }

private:
    explicit region(std::shared_ptr<region_core> core) noexcept : core_{std::move(core)} {}

    std::shared_ptr<region_core> core_;
};

}  // namespace signet::sync
