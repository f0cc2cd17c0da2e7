// SPDX-License-Identifier: Apache-2.0
// A word in shared memory that the kernel marks when a thread ends, however it ends, and whose
// sleepers it tells: the robust list of futexes, with one entry. The thread that ends is not yet
// the process that is gone: other threads of it may run on for a moment, so a mark is a hint.
#pragma once

#include <cstdint>

namespace signet::os {

/// Set in a word whose thread has ended.
inline constexpr std::uint32_t heart_stopped = 0x40000000;

/// Has the kernel mark `word` and wake one of its sleepers (os/futex.hpp) when the calling thread
/// ends. The thread must not use robust mutexes of pthreads, and has one such word at a time; the
class heart {
public:
    /// Stores the thread's mark of life in `word`. Throws `error`.
    explicit heart(std::uint32_t& word);

    heart(const heart&) = delete;
    heart& operator=(const heart&) = delete;

    /// Stores 0 in the word, and takes what was asked of the kernel back.
    ~heart();

private:
    // What the kernel reads: see robust_list_head in <linux/futex.h>.
    struct list {
        list* next;
        long offset;
        std::uint32_t* pending;
    };

    list list_;
};

}  // namespace signet::os
