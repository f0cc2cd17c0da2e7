// SPDX-License-Identifier: Apache-2.0
// The program at the other end of an `exec:` channel, and how it ended. A thread that sends and one
// that receives may ask at the same time.
#pragma once

#include <signet/os/child.hpp>
#include <signet/transport/patient_wait.hpp>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace signet::transport::pipe {

class exec_program {
public:
    explicit exec_program(os::child program) : program_{std::move(program)} {}

    /// After its output has ended: waits until it has ended itself, a second in all. False where
    /// the patience ended before either.
    bool settle(const patience& limit, stop_bell& bell);

    /// Waits for its end, for so long.
    void wait(std::chrono::nanoseconds limit);

    /// It was killed, or returned something else than 0; after settle().
    bool failed() const;

    /// "the program was killed by signal 9 (Killed)", or that it still runs; after settle().
    std::string account() const;

private:
    deadline settled_at();
    bool take_status();

    mutable std::mutex taking_;
    os::child program_;
    std::optional<os::exit_status> status_;
    std::optional<deadline> settled_at_;
};

}  // namespace signet::transport::pipe
