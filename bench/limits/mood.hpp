// SPDX-License-Identifier: Apache-2.0
// The mood of a machine: what a cache line costs to go to the other cpu and back. A host may move a
// guest's cpus apart in the middle of a run, after which everything shared is slower several times
// over and nothing inside the guest says so. A number means something only beside the mood it was
// measured in. For one thread; failures are those of what is measured.
#pragma once

#include <chrono>
#include <functional>

namespace limits {

/// Whether two pings differ by no more than half.
bool same_mood(double one_ns, double other_ns) noexcept;

/// One run, from the ping before to the ping after.
class mood_watch {
public:
    /// Pings for `ping_length`, and for a quarter of it around each repetition.
    explicit mood_watch(std::chrono::nanoseconds ping_length);

    /// The median of `repetitions` of `measure`, without those that had another mood before or
    /// after them. If that leaves none, of all, and the run was not steady.
    double median_of(int repetitions, const std::function<double()>& measure);

    /// Pings once more.
    void end();

    double before_ns() const noexcept { return before_ns_; }
    double after_ns() const noexcept { return after_ns_; }

    /// Whether before, after and at least one repetition of each measure were in one mood.
    bool steady() const noexcept { return !lost_ && same_mood(before_ns_, after_ns_); }

private:
    bool unchanged() const;

    std::chrono::nanoseconds ping_length_;
    double before_ns_;
    double after_ns_;
    bool lost_ = false;
};

}  // namespace limits
