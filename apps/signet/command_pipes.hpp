// SPDX-License-Identifier: Apache-2.0
// A command that is given its input and whose output is collected, both in bounded memory, until it
// ends or is ended. Belongs to one thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/child.hpp>
#include <signet/os/event.hpp>

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

namespace signet::command {

/// How it came to its end.
enum class command_end {
    by_itself,
    stopped,   ///< a stop was asked for
    too_late,  ///< the deadline passed
    too_long,  ///< it printed more than it may
};

/// What becomes of what it prints.
enum class printed {
    collected,
    passed_on,  ///< it prints to where we do; nothing is collected
};

class command_pipes {
public:
    /// Starts it, in a process group of its own. Throws `error`.
    command_pipes(const std::vector<std::string>& command, std::string input,
                  std::size_t output_bytes_max, printed how = printed::collected);

    /// Waits for its end; where it has not ended by itself it is killed with this object, and all
    /// that it started.
    command_end run(deadline until, const std::stop_token& stop, const std::stop_token& also);

    /// Of one that ended by itself.
    os::exit_status status() { return program_.program.handle().wait(never).value(); }

    std::string& output() noexcept { return output_; }

    /// The beginning of it.
    const std::string& errors() const noexcept { return errors_; }

private:
    void wait(deadline until);
    void feed();
    bool take_printed();

    std::string input_;
    std::size_t fed_ = 0;
    std::size_t output_bytes_max_;
    std::string output_;
    std::string errors_;
    os::event stopped_;
    os::piped_child program_;
};

}  // namespace signet::command
