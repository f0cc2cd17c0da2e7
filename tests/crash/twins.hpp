// SPDX-License-Identifier: Apache-2.0
// Two words that are to be equal. To change them takes two steps, between which one may die.
#pragma once

#include <signet/memory/access.hpp>
#include <signet/structure.hpp>

#include <atomic>
#include <cstdint>

namespace signet::tests {

struct twins {
    memory::shared_word<std::uint64_t> first;
    memory::shared_word<std::uint64_t> second;

    static std::uint64_t value(const memory::shared_word<std::uint64_t>& word) {
        return word.load(std::memory_order_relaxed);
    }
    static void add(memory::shared_word<std::uint64_t>& word) {
        word.store(value(word) + 1, std::memory_order_relaxed);
    }

    void change() {
        add(first);
        add(second);
    }
    bool equal() const { return value(first) == value(second); }
    void mend() { second.store(value(first), std::memory_order_relaxed); }
};

}  // namespace signet::tests
