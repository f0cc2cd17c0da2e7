// SPDX-License-Identifier: Apache-2.0
// Which of the messages of a direction arrived: each is taken once, however often and in whatever
// order the network delivers it, and those that did not come are counted. The numbers are the
// peer's: any are right, and none costs memory. One thread.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace signet::transport::udp {

class arrivals {
public:
    /// One so much later than the newest is taken for lost.
    static constexpr std::uint64_t window = 1024;
    static constexpr std::uint64_t number_max = std::uint64_t{1} << 62;

    /// Whether it is new. Not: it came already, it is too late to tell, or there is no such number.
    bool take(std::uint64_t number);

    /// The peer says how many it sent in all.
    void end_at(std::uint64_t count);

    /// Sent, as far as we know, and not taken so far.
    std::uint64_t lost() const noexcept { return sent_ - taken_; }

private:
    void advance_to(std::uint64_t sent);

    std::bitset<window> seen_;  ///< of the newest numbers, by number modulo window
    std::uint64_t sent_ = 0;    ///< one more than the newest number
    std::uint64_t taken_ = 0;
};

}  // namespace signet::transport::udp
