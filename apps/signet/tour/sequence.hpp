// SPDX-License-Identifier: Apache-2.0
// Checks that the messages of each publisher come without a gap and once: the numbers count up by
// one from the first that is seen. One thread.
#pragma once

#include <cstdint>
#include <map>

namespace tour {

class sequence_checker {
public:
    /// Takes note of message `number` of `publisher`; returns how many are missing before it.
    std::uint64_t note(std::uint64_t publisher, std::uint64_t number);

    /// One more than the last number of `publisher`; 0: nothing came from it.
    std::uint64_t through(std::uint64_t publisher) const;

    /// Forgets a publisher that is gone.
    void forget(std::uint64_t publisher) { next_.erase(publisher); }

    std::uint64_t missing() const noexcept { return missing_; }

    /// Messages whose number had been passed already.
    std::uint64_t repeated() const noexcept { return repeated_; }

private:
    std::map<std::uint64_t, std::uint64_t> next_;
    std::uint64_t missing_ = 0;
    std::uint64_t repeated_ = 0;
};

}  // namespace tour
