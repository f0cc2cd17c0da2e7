// SPDX-License-Identifier: Apache-2.0
// A disk that remembers what it was told, and in which parts of it may have arrived when the
// machine stops. While a `recorded_disk` lives, the writes of its thread to files, and the names it
// makes and removes in one directory, are noted beside being made; a sync makes what came before
// durable. Then `replay` writes another directory as the disk may be found: what is durable, and of
// the rest whatever one likes, in any order, in pieces of a sector, flipped bits among them.
//
// It sees pwrite, fdatasync and fsync, linkat and unlinkat; not mappings, renames or cuts, and
// takes what files were before for durable, and lengths for durable at once. One at a time in a
// process, made and destroyed in one thread. It goes through to a `scripted_kernel` made before it.
#pragma once

#include <signet/os/kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::testing {

class recorded_disk {
public:
    static constexpr std::size_t sector_bytes = 512;

    /// A piece that reached the disk.
    struct arrival {
        std::size_t piece = 0;  ///< in the order in which they were written, from 0 on
        std::optional<unsigned> flipped_bit{};
    };

    /// Nothing in `directory` may be open.
    explicit recorded_disk(std::string directory);
    recorded_disk(const recorded_disk&) = delete;
    recorded_disk& operator=(const recorded_disk&) = delete;
    ~recorded_disk();

    /// How many pieces are not durable: parts of a sector each, and names.
    std::size_t pieces() const noexcept { return pieces_.size(); }

    /// Whether the piece is a name that was made or removed; such take effect in their own order.
    bool is_name(std::size_t number) const { return pieces_.at(number).named; }

    /// Writes what is durable, and then what arrived, into `to`, an empty directory.
    void replay(const std::string& to, std::span<const arrival> arrived) const;

    /// How many syncs there have been.
    int syncs() const noexcept { return syncs_; }

private:
    using content = std::vector<std::byte>;
    using inode = std::uint64_t;
    static constexpr inode removed = 0;  ///< what a name that goes names

    struct piece {
        bool named = false;
        std::string name{};
        inode of = 0;
        std::uint64_t position = 0;
        content bytes{};
    };

    static long enter(long number, const os::kernel_arguments& arguments);
    void note(long number, const os::kernel_arguments& arguments);
    void note_write(int fd, const std::byte* bytes, std::size_t count, std::uint64_t position);
    void note_sync(int fd);
    void note_name(const std::optional<std::string>& name, inode of);
    std::optional<std::string> own_name(long base, const char* path) const;
    static void apply_name(const piece& one, std::map<std::string, inode>& names);
    static void apply(const piece& one, std::map<inode, content>& files);

    std::string directory_;
    inode directory_inode_ = 0;
    os::kernel_entry before_;
    std::map<inode, content> files_;      ///< durable
    std::map<std::string, inode> names_;  ///< likewise
    std::vector<piece> pieces_;
    int syncs_ = 0;
};

}  // namespace signet::testing
