// SPDX-License-Identifier: Apache-2.0
// A line of the shell that works on messages of a queue, a process for each. For the main thread.
#pragma once

#include "interruption.hpp"

#include <string>

namespace signet::command {

/// What became of one run.
struct work_result {
    bool done = false;
    bool stopped = false;  ///< we were interrupted, and it was killed
    std::string text;      ///< "exit status 1", or why it could not be started
    std::string output;    ///< where it was to be collected
};

class pop_command {
public:
    /// In `line` {} stands for the message. `by` must outlive this.
    pop_command(const std::string& line, const interruption& by);

    /// The message is its standard input too. What it prints goes to where we print, or is
    /// collected.
    work_result run(const std::string& message, bool collect) const;

private:
    std::string line_;
    bool takes_word_;
    const interruption* interrupted_;
};

/// An object on one line, put together from members that are JSON already.
class json_line {
public:
    void add(const std::string& name, const std::string& json) {
        text_ += (text_.empty() ? "{\"" : ",\"") + name + "\":" + json;
    }
    /// The line, with this as its last member.
    std::string with(const std::string& name, const std::string& json) {
        add(name, json);
        return text_ + "}\n";
    }

private:
    std::string text_;
};

}  // namespace signet::command
