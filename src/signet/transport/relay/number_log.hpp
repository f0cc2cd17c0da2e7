// SPDX-License-Identifier: Apache-2.0
// What the messages of one ring were called by the publisher they came from. The ring counts from 0
// and has no gaps; the log has an entry wherever the numbers there jump.
//
// Thread safety: the relay thread notes, the receiving thread looks up. Invariant: entries rise in
// both numbers, and there are at most as many as `rings_kept` rings hold messages, and one.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

namespace signet::transport::relay {

class number_log {
public:
    /// What a message was.
    struct origin {
        std::uint64_t number = 0;
        std::uint64_t lost_before = 0;    ///< upstream, since the message looked up before
        std::uint64_t passed_before = 0;  ///< likewise: passed over, since a newer one was there
    };

    /// The next message, `at` in the ring, was `number`, and `lost` were lost just before it. Those
    /// that left the ring of `depth` messages long ago are forgotten.
    void note(std::uint64_t at, std::uint64_t number, std::uint64_t lost, std::uint64_t depth);

    /// Of the message that is `at` in the ring. They are looked up in order.
    origin look_up(std::uint64_t at);

    /// One who has copied a message, and is about to look it up, may be held up meanwhile, while
    /// the ring goes round and round. If it went further than this, while messages were lost, the
    /// one copied would be told a number too high; its bytes would be right.
    static constexpr std::uint64_t rings_kept = 256;

private:
    struct entry {
        std::uint64_t at;
        std::uint64_t number;
        std::uint64_t lost;    ///< in all, up to here
        std::uint64_t passed;  ///< likewise
    };

    std::mutex mutex_;
    std::deque<entry> entries_;
    std::uint64_t next_ = 0;  ///< the number that would be no jump
    std::uint64_t told_lost_ = 0;
    std::uint64_t told_passed_ = 0;
};

}  // namespace signet::transport::relay
