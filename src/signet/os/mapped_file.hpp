// SPDX-License-Identifier: Apache-2.0
// A file as memory: what is stored is the file's content, for every process that maps or reads it,
// at once, and outlives them all; on the disk it is only after `flush`. The bytes are shared: what
// others may write is to be loaded once and checked, and order between processes needs atomics.
//
// A load or store where the file has no byte, or no room on the disk behind it, ends the process
// (SIGBUS). So `create` and `grow` reserve the room first, and a full disk is an `error`; `reserve`
// does so for a file that somebody else made, which may have holes. Nothing can keep a peer that
// may write the file from cutting it: where peers are not trusted, use a sealed memfd, or look
// with `file_bytes`, and read with `copy_out`, which never faults.
//
// A killed process leaves all that it stored, in whole words. When the machine ends, pages reach
// the disk in any order. One object belongs to one thread at a time; the bytes may be used by any
// thread as long as they are mapped. Throws `error`.
#pragma once

#include <signet/os/file.hpp>
#include <signet/os/mapping.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::os {

enum class map_access {
    read_only,
    read_write,     ///< stores are the file's
    copy_on_write,  ///< stores stay in this process
};

/// How the bytes will be used.
enum class map_advice {
    normal,
    sequential,   ///< from front to back: read far ahead
    random,       ///< do not read ahead
    will_need,    ///< begin to read now
    do_not_need,  ///< let it go from memory; it is read again when it is used again
};

enum class flush_mode {
    wait,   ///< return when it is on the disk
    begin,  ///< the kernel writes it soon, as it does anyway
};

class mapped_file {
public:
    /// Creates the file with `bytes` zeros, with room behind them, and maps it to read and write.
    /// Throws where it exists or there is no room. Who is killed meanwhile leaves nothing.
    static mapped_file create(const file_place& place, std::size_t bytes,
                              unsigned mode = file::private_mode);

    /// Maps the whole of a file as long as it is now. An empty one maps nothing.
    static mapped_file open(const file_place& place, map_access access);

    /// The same for a file that is open already; `read_write` needs one open for writing.
    static mapped_file map(file content, map_access access);

    /// The first byte, null where nothing is mapped. Valid until this object is destroyed, or
    /// `grow` or `follow_growth` have changed its size.
    std::byte* data() const noexcept { return bytes_.data(); }

    /// The length of the file when it was mapped. The mapping itself ends with a page: stores
    /// behind this length are lost.
    std::size_t size() const noexcept { return bytes_.size(); }
    std::span<std::byte> bytes() const noexcept { return {data(), size()}; }

    /// The length of the file now. Below `size`: somebody has cut it, do not touch what is behind.
    std::uint64_t file_bytes() const { return content_.size(); }

    /// Brings a range to the disk. A range that leaves the mapping is a contract_violation, here
    /// and below. Throws where it could not be brought there; it is then to be stored anew.
    void flush(std::size_t offset, std::size_t bytes, flush_mode mode = flush_mode::wait) const;
    void flush(flush_mode mode = flush_mode::wait) const { flush(0, size(), mode); }

    /// Tells the kernel how a range will be used; changes no byte. `do_not_need` would throw stores
    /// away where they are `copy_on_write`: there it is a contract_violation.
    void advise(map_advice advice, std::size_t offset, std::size_t bytes) const;

    /// Puts room behind a range, so that storing there cannot meet a full disk. For `read_write`.
    void reserve(std::size_t offset, std::size_t bytes) const;

    /// Lengthens the file to `bytes`, with room behind them, and maps all of it, perhaps elsewhere;
    /// what was advised is forgotten. For `read_write`; fewer bytes than now are a
    /// contract_violation. Where it throws, the mapping is as before; the file may be longer.
    void grow(std::size_t bytes);

    /// Maps as much as the file has now, perhaps elsewhere; returns whether that is another size.
    /// For `read_only` and `read_write`.
    bool follow_growth();

    /// Copies from the file without touching the mapping, so that no cut and no failing disk ends
    /// this process. Returns how many bytes there were.
    std::size_t copy_out(std::size_t offset, std::span<std::byte> to) const {
        return content_.read_at(offset, to);
    }

    const file& content() const noexcept { return content_; }

private:
    mapped_file(file content, map_access access, std::size_t bytes);

    void check_range(std::size_t offset, std::size_t bytes) const;
    void check_writable() const;

    file content_;
    map_access access_;
    mapping bytes_;
};

}  // namespace signet::os
