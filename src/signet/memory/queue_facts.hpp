// SPDX-License-Identifier: Apache-2.0
// What a record of a queue says of its message, in its slot and behind its payload: written by who
// owns its word, read by anybody. Which record is whose says its word, and that is not touched
// here.
//
// Thread safety: as the word allows. What is read was written by others: all is checked.
#pragma once

#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/queue_record.hpp>

#include <cstddef>
#include <cstdint>

namespace signet::memory {

/// A record that is being written: its word says `nothing` or `loaned`.
struct reserved_record {
    record_place place;
    seen_page page;
    std::byte* payload = nullptr;
    std::uint64_t line = 0;   ///< where that is; not of an inline one
    std::uint64_t lines = 0;  ///< how many it takes
    bool inlined = false;
};

/// How many lines of its page a record takes; 0: it lies in its slot.
std::uint64_t lines_of_record(const queue_words& in, std::uint64_t bytes,
                              const record_facts& facts) noexcept;

/// Writes what a record says of its message.
void describe_record(const queue_words& in, const reserved_record& record, std::uint64_t bytes,
                     const record_facts& facts) noexcept;

/// What a record says, whoever wrote it. False: what it says cannot be, and nothing of it counts.
bool read_record(const queue_words& in, const seen_page& page, std::uint32_t slot,
                 queue_record& into) noexcept;

/// The line behind a record that was described.
std::uint64_t line_behind(const queue_slot& slot) noexcept;

}  // namespace signet::memory
