// SPDX-License-Identifier: Apache-2.0
// How fast a process sends or receives: the difference of its counts over the last second. One
// thread.
#pragma once

#include <tour/messages.hpp>

#include <cstdint>
#include <deque>

namespace tour {

class rate_meter {
public:
    /// A report of another process than before begins anew.
    void note(const role_stats& stats);

    double messages_per_s() const;
    double bytes_per_s() const;

    /// The latest report; all zero: none.
    const role_stats& latest() const noexcept { return latest_; }

private:
    struct mark {
        std::int64_t when_ns;
        std::uint64_t messages;
        std::uint64_t bytes;
    };

    double per_second(std::uint64_t first, std::uint64_t last) const;

    role_stats latest_{};
    std::deque<mark> marks_;
};

}  // namespace tour
