// SPDX-License-Identifier: Apache-2.0
// A sampler's view of the machine: each call looks at one thing that is cheap to look at, and goes
// round through all processes, coming by the tour's own every other time. One thread.
#pragma once

#include <signet/base/time.hpp>

#include <tour/messages.hpp>
#include <tour/proc.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tour {

class machine {
public:
    /// `conductor` is the parent of the tour's processes.
    explicit machine(int conductor);

    /// What is known now. Everything but number, sent_ns and check is filled in.
    telemetry look();

private:
    /// What a process had used when it was looked at last.
    struct usage {
        signet::clock::time_point when{};
        std::uint64_t cpu_ticks = 0;
        process_io io{};
    };

    void refresh_whole();
    void refresh_processes();
    int next_pid();
    void look_at(int pid, telemetry& into);
    void fill_rates(int pid, const usage& now, telemetry& into);

    int conductor_;
    std::uint64_t ticks_per_s_;
    std::uint64_t looks_ = 0;
    std::uint64_t load_milli_ = 0;
    machine_memory memory_{};
    std::vector<int> all_;
    std::vector<int> own_;
    std::size_t all_turn_ = 0;
    std::size_t own_turn_ = 0;
    std::map<int, usage> before_;
};

}  // namespace tour
