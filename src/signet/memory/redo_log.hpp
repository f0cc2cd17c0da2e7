// SPDX-License-Identifier: Apache-2.0
// Changing several words of a region so that a death leaves all of them changed or none. What is to
// be stored is collected in private memory, written to the log, and made to count by one store;
// then it is stored, and the log is emptied. Whoever holds the lock next and finds a log that
// counts stores it once more: the same values, so how far the dead one came does not matter.
//
// Thread safety: all of it under one lock of the region (`keeper`), which the dead leave to others.
// Invariants:
//   1. `redo_count` is 0, or every entry below it says what is to be stored.
//   2. Nothing but a transaction stores to the words that transactions store to.
// Where a correct writer dies: before the count is stored, nothing has happened; after that, all
// has. What a damaged log says is checked, and never leads out of the region.
#pragma once

#include <signet/memory/region_layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace signet::memory {

/// The words of a region, by their offset: a multiple of 8, and inside, or there is no such word.
class region_words {
public:
    region_words(std::byte* begin, std::uint64_t bytes) noexcept : begin_{begin}, bytes_{bytes} {}

    bool has(std::uint64_t offset) const noexcept {
        return offset % word_bytes == 0 && offset < bytes_;
    }
    shared_word<std::uint64_t>& at(std::uint64_t offset) const noexcept {
        return *reinterpret_cast<shared_word<std::uint64_t>*>(begin_ + offset);
    }
    region_header& header() const noexcept { return *reinterpret_cast<region_header*>(begin_); }
    std::byte* begin() const noexcept { return begin_; }
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    std::byte* begin_;
    std::uint64_t bytes_;
};

/// Stores what a dead owner of the lock left in the log. False: the log is damaged; it is emptied,
/// and some of what it said may have been stored.
bool replay(const region_words& words) noexcept;

/// Changes that happen together. Ends without any where `commit` is not called.
class transaction {
public:
    explicit transaction(const region_words& words) noexcept : words_{words} {}

    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;

    /// The word as it will be. Throws `error` (damaged) where there is no such word.
    std::uint64_t get(std::uint64_t offset) const;

    /// Likewise; more than `redo_entries_max` different words are a contract_violation.
    void set(std::uint64_t offset, std::uint64_t value);

    /// Makes all of it happen.
    void commit() noexcept;

    const region_words& words() const noexcept { return words_; }

private:
    struct change {
        std::uint64_t offset;
        std::uint64_t value;
    };

    const change* find(std::uint64_t offset) const noexcept;

    region_words words_;
    std::array<change, redo_entries_max> changes_;
    std::size_t count_ = 0;
};

}  // namespace signet::memory
