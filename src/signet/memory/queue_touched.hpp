// SPDX-License-Identifier: Apache-2.0
// What in a durable queue waits for its committer: records that are staged or finished. Two sets of
// pages, of 512 bits each, say where to look, so a commit costs what it commits, however much lies
// in the queue. Steps L of docs/design/queues.md.
//
// Thread safety: any thread of any process may touch; one at a time reads. Invariants:
// 1. The word of a record changes first, and its bit is set then; who takes the bits looks at the
//    words after that. So each change is seen by who takes its bit, or its bit is still set.
// 2. Who dies between both is swept, which sets all bits; who dies, or fails, with bits that it
//    took leaves a round that has not ended, after which all pages are looked at.
#pragma once

#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/queue_record.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace signet::memory {

/// Pages by their numbers mod 512.
class page_set {
public:
    constexpr page_set() noexcept = default;
    constexpr explicit page_set(const std::array<std::uint64_t, page_set_words>& bits) noexcept
        : bits_{bits} {}
    static constexpr page_set all() noexcept {
        page_set every;
        every.bits_.fill(~std::uint64_t{0});
        return every;
    }
    constexpr bool has(std::uint32_t page) const noexcept {
        return (bits_[word_of(page)] & bit_of(page)) != 0;
    }

    static constexpr std::size_t word_of(std::uint32_t page) noexcept {
        return page / word_bits % page_set_words;
    }
    static constexpr std::uint64_t bit_of(std::uint32_t page) noexcept {
        return std::uint64_t{1} << page % word_bits;
    }

private:
    static constexpr std::uint32_t word_bits = 64;
    std::array<std::uint64_t, page_set_words> bits_{};
};

/// After a word of that page has become staged or finished; any thread of any process.
void touch(const queue_words& in, std::uint32_t page, record_state as) noexcept;
void touch_all(const queue_words& in) noexcept;
/// Whether anything was touched that nobody has looked at since.
bool is_touched(const queue_words& in) noexcept;

/// Who looks for what is unsettled: one at a time, of all processes.
class unsettled_reader {
public:
    /// The memory must outlive this.
    explicit unsettled_reader(const queue_words& in) noexcept : in_{in} {}

    /// Calls `look` for each record that became staged or finished since anybody's last call, or
    /// for all that are; lane by lane in the order of numbers.
    using record_look =
        std::function<void(const seen_page& page, std::uint32_t slot, slot_word word)>;
    void for_each(bool all, const record_look& look);

private:
    /// Up to a slot nothing in a page will be staged any more, as long as it is that page.
    struct settled_part {
        std::uint64_t number = 0;
        std::uint32_t slots = 0;
    };
    void look_at(const seen_page& page, bool from_the_beginning, const record_look& look);

    queue_words in_;
    std::vector<seen_page> pages_;
    std::vector<settled_part> settled_;  ///< by page
};

}  // namespace signet::memory
