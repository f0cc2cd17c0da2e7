// SPDX-License-Identifier: Apache-2.0
// A peer that rewrites its shared words just before they are loaded, in memory between pages that
// nobody may touch. For one thread.
#pragma once

#include "options.hpp"

#include <signet/memory/topic_layout.hpp>

#include <sys/mman.h>

#include <cstring>
#include <random>

namespace signet::tests {

/// Memory that ends where nobody may read, on both sides.
class guarded_memory {
public:
    explicit guarded_memory(std::size_t bytes) : bytes_{bytes} {
        void* const all = mmap(nullptr, bytes + 2 * memory::page_bytes, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        begin_ = static_cast<std::byte*>(all) + memory::page_bytes;
        mprotect(begin_, bytes, PROT_READ | PROT_WRITE);
    }
    ~guarded_memory() { munmap(begin_ - memory::page_bytes, bytes_ + 2 * memory::page_bytes); }

    guarded_memory(const guarded_memory&) = delete;
    guarded_memory& operator=(const guarded_memory&) = delete;

    std::byte* begin() const { return begin_; }
    bool contains(const void* word) const { return word >= begin_ && word < begin_ + bytes_; }

private:
    std::size_t bytes_;
    std::byte* begin_;
};

/// Rewrites words of the given memory just before they are loaded or exchanged. One at a time.
class liar {
public:
    liar(const std::byte* begin, std::size_t bytes, std::uint64_t seed)
        : begin_{begin}, end_{begin + bytes}, random_{seed} {
        current_ = this;
        memory::current_access_hook = &before_access;
    }
    ~liar() { memory::current_access_hook = nullptr; }

    liar(const liar&) = delete;
    liar& operator=(const liar&) = delete;

    /// An attempt begins. A lie is believable near `likely`, and where it is `also`.
    void begin_attempt(std::uint64_t likely, std::uint64_t also = 0) {
        hint_ = likely;
        also_ = also;
        accesses_ = 0;
        first_ = 0;
    }

    int accesses() const noexcept { return accesses_; }

    /// What the first load of this attempt found.
    std::uint64_t first_loaded() const noexcept { return first_; }

private:
    static void before_access(memory::access_kind kind, const void* word) {
        const bool reads =
            kind == memory::access_kind::load || kind == memory::access_kind::exchange;
        if (reads) current_->lie(static_cast<const std::byte*>(word));
        ++current_->accesses_;
    }

    void lie(const std::byte* word) {
        if (word < begin_ || word >= end_) return;
        std::uint64_t value = invent();
        if (random_() % 4 != 0) std::memcpy(const_cast<std::byte*>(word), &value, sizeof value);
        std::memcpy(&value, word, sizeof value);
        if (accesses_ == 0) first_ = value;
    }

    std::uint64_t invent() {
        switch (random_() % 6) {
            case 0: return random_();
            case 1: return 0;
            case 2: return ~std::uint64_t{0} - random_() % 4;
            case 3: return memory::payload_shape::of_chunk(random_() % 2000, random_() % 20);
            case 4: return random_() % 2 == 0 ? also_ : random_() % 300;
            default: return hint_ + random_() % 4 - 1;
        }
    }

    static inline liar* current_ = nullptr;
    const std::byte* begin_;
    const std::byte* end_;
    std::mt19937_64 random_;
    std::uint64_t hint_ = 0;
    std::uint64_t also_ = 0;
    std::uint64_t first_ = 0;
    int accesses_ = 0;
};

}  // namespace signet::tests
