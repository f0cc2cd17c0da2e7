// SPDX-License-Identifier: Apache-2.0
// How long one side of a ring stands back before it looks what the other has done. Right at the
// other's heels each look takes away the line that is about to be written, and the two trade lines
// for each message; a little later there are several, at a fraction of the cost. Where messages
// come one by one, as in a round trip, it does not pay, and there is no pause. Belongs to the
// thread that looks.
#pragma once

#include <signet/memory/access.hpp>

#include <algorithm>
#include <cstdint>

namespace signet::transport::shm {

class heel_pause {
public:
    /// `run_wanted`: how many messages should gather. `trial_every`: how often to find out whether
    /// it pays, while it does not.
    heel_pause(std::uint64_t run_wanted, std::uint32_t trial_every) noexcept
        : run_wanted_{std::max<std::uint64_t>(run_wanted, 1)}, trial_every_{trial_every} {}

    /// There is nothing to do, after a run of so many messages: pauses if that lets some gather.
    void pause(std::uint64_t run) noexcept {
        if (pauses_ == 0) {
            if (++tries_ % trial_every_ == 0) pauses_ = pauses_of_trial;
        } else if (run < run_that_pays) {
            pauses_ = 0;
        } else if (run < run_wanted_) {
            pauses_ = std::min(2 * pauses_, pauses_max);
        } else if (run > 4 * run_wanted_) {
            pauses_ = std::max(pauses_ / 2, 1u);
        }
        for (std::uint32_t i = 0; i < pauses_; ++i) memory::relax_cpu();
    }

private:
    static constexpr std::uint32_t pauses_of_trial = 8;
    static constexpr std::uint32_t pauses_max = 256;
    static constexpr std::uint64_t run_that_pays = 2;

    std::uint64_t run_wanted_;
    std::uint32_t trial_every_;
    std::uint32_t pauses_ = 0;
    std::uint32_t tries_ = 0;
};

}  // namespace signet::transport::shm
