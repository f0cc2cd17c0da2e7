// SPDX-License-Identifier: Apache-2.0
// What goes to standard output, and whether a person reads it. For the main thread.
#pragma once

#include <exception>
#include <string_view>

namespace signet::command {

/// Whoever read our output has closed it. Ends the command quietly.
class output_closed : public std::exception {
public:
    const char* what() const noexcept override { return "standard output was closed"; }
};

/// Whether a person sees standard output.
bool on_terminal();

/// Whether a person sees standard error.
bool errors_on_terminal();

/// Buffered. Throws output_closed, or std::system_error where the disk is full.
void write_output(std::string_view text);

/// Hands over what is buffered. Throws as above.
void flush_output();

}  // namespace signet::command
