// SPDX-License-Identifier: Apache-2.0
// The command run as a program, in a rendezvous directory of the test's own. One test at a time in
// a process: the directory is named in the environment.
#pragma once

#include <signet/os/child.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::testing {

/// What a run of the command left.
struct outcome {
    int status = -1;  ///< what it returned; 128 + n where signal n killed it
    std::string out;
    std::string err;
};

/// A program that is running. Killed with this object.
class running {
public:
    /// Starts `command` with its output going to files in `place`, and its input from `input`.
    running(const std::string& place, const std::vector<std::string>& command,
            const std::string& input);

    /// Waits for its end; a minute is too long.
    outcome wait();

    void signal(int number) { child_.handle().send_signal(number); }
    int pid() const { return child_.pid(); }

private:
    std::string out_path_;
    std::string err_path_;
    os::child child_;
};

class CommandTest : public ::testing::Test {
protected:
    CommandTest();

    /// `signet` with these arguments.
    running start(std::vector<std::string> arguments, const std::string& input = {});
    outcome run(std::vector<std::string> arguments, const std::string& input = {}) {
        return start(std::move(arguments), input).wait();
    }

    /// A line for the shell, in which $SIGNET is the command.
    running start_shell(const std::string& line);

    const std::string& directory() const { return rendezvous_.path(); }

private:
    temporary_directory rendezvous_;
    temporary_directory files_;
};

}  // namespace signet::testing
