// SPDX-License-Identifier: Apache-2.0
// A mapping of a memory file, or of any other, unmapped by its owner's destructor. The bytes are
// shared with other processes: what they may write is to be loaded once and checked. The object
// belongs to one thread at a time; the bytes may be used by any thread as long as it lives.
#pragma once

#include <signet/os/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace signet::os {

class mapping {
public:
    /// Maps nothing.
    mapping() noexcept = default;

    /// Maps the first `bytes` bytes of `memory`, which may be closed afterwards. Throws `error`:
    /// not permitted where a seal forbids writing, no memory, zero bytes.
    static mapping read_write(const descriptor& memory, std::size_t bytes);
    static mapping read_only(const descriptor& memory, std::size_t bytes);

    /// The same for memory that is sealed against writing (seals::write), which Linux before 6.7
    /// maps in this way only. The pages are those of everybody else.
    static mapping read_only_sealed(const descriptor& memory, std::size_t bytes);

    /// The same; what is written stays in this process. What others write is seen in pages that
    /// were not written here, or not: the kernel promises neither.
    static mapping copy_on_write(const descriptor& memory, std::size_t bytes);

    mapping(mapping&& other) noexcept
        : data_{std::exchange(other.data_, nullptr)},
          bytes_{std::exchange(other.bytes_, 0)},
          only_in_{std::exchange(other.only_in_, 0)} {}
    mapping& operator=(mapping&& other) noexcept;
    ~mapping();

    /// The first byte, null where nothing is mapped. Valid until this object is destroyed.
    std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return bytes_; }

    /// Keeps the bytes out of forked children, who could go on writing, and out of core dumps.
    /// Throws `error`.
    void keep_private_to_process();

    /// Makes every page of the range present, so that storing there later cannot fault. Throws
    /// `error` where there is no memory for it, instead of the SIGBUS that a store would raise. A
    /// range that leaves the mapping is a contract_violation.
    void populate_for_write(std::size_t offset, std::size_t bytes);

    /// The same for loading from there; also fills holes.
    void populate_for_read(std::size_t offset, std::size_t bytes);

    /// Keeps the range in memory, out of swap, for as long as it is mapped. Throws `error` where
    /// the limit of locked memory (ulimit -l) or the memory itself does not suffice.
    void lock(std::size_t offset, std::size_t bytes);

private:
    /// Calls madvise for the pages of the range.
    void populate(int advice, std::size_t offset, std::size_t bytes);
    mapping(const descriptor& memory, std::size_t bytes, int protection, int flags);

    void check_range(std::size_t offset, std::size_t bytes) const;

    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
    std::uint64_t only_in_ = 0;  ///< the process that has the bytes; 0: forked children too
};

}  // namespace signet::os
