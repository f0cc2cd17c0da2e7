// SPDX-License-Identifier: Apache-2.0
// The steps of the protocols by the names that docs/design/topic-ring.md, bells.md and regions.md
// give the words: "store slot.stamp", "load cursor", "futex_wake", "sendmsg welcome", and for a
// word of a region in which state it was: "exchange mutex.word [ours, waiters]". And how often a
// process was killed at each.
#pragma once

#include <signet/memory/topic_layout.hpp>
#include <signet/os/kernel.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <string>

namespace signet::tests {

/// The shared memory of this process, by the names of its files. Any thread notes, one looks.
class known_memory {
public:
    struct place {
        std::string file;  ///< empty: it is not known
        std::size_t offset = 0;
    };

    /// `result` is what mmap said to `arguments`.
    void note(long result, const os::kernel_arguments& arguments);

    place find(const void* word) const;

private:
    struct region {
        std::size_t begin = 0;
        std::size_t bytes = 0;
        std::array<char, 64> file{};
    };

    static constexpr std::size_t regions_max = 64;

    std::array<region, regions_max> regions_{};
    std::atomic<std::size_t> count_{0};
};

std::string name_of_access(memory::access_kind kind, const void* word, const known_memory& all,
                           const memory::topic_geometry& shape);

std::string name_of_call(long number, const os::kernel_arguments& arguments,
                         const known_memory& all);

/// How often a process died before each step, over all sweeps of this program.
class state_histogram {
public:
    static state_histogram& instance();

    void count(const std::string& state) {
        ++kills_[state];
        ++total_;
    }

    int total() const noexcept { return total_; }
    std::size_t states() const noexcept { return kills_.size(); }

    /// A line for each state, the most frequent first.
    std::string text() const;

private:
    std::map<std::string, int> kills_;
    int total_ = 0;
};

}  // namespace signet::tests
