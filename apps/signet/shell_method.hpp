// SPDX-License-Identifier: Apache-2.0
// A line of the shell as a method of a service: a process for each call. `$1`, `$2`, ... are the
// arguments, text as it is and all else as JSON; a JSON array of all of them is the standard input.
// The result is what the command prints: JSON where it is, nothing where that is nothing, else
// text without the last end of line.
//
// Thread safety: any threads call it, each with a process of its own. The command and all it starts
// are killed when the call's deadline passes, when nobody waits for it any more, and when the whole
// is interrupted.
#pragma once

#include "interruption.hpp"

#include <signet/pattern/service/incoming_call.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/signature.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace signet::command {

class shell_method {
public:
    /// `by` must outlive this. What the command prints beyond `output_bytes_max` ends it.
    shell_method(std::string name, std::string line, std::size_t output_bytes_max,
                 const interruption& by)
        : name_{std::move(name)},
          line_{std::move(line)},
          output_bytes_max_{output_bytes_max},
          interrupted_{&by} {}

    /// Runs it for a call: appends the result, or says why there is none.
    /// Of an exit status that is not 0 it is the type of the failure, and the text is what the
    /// command said to its standard error.
    std::optional<wire::rpc_failure> operator()(pattern::incoming_call& call,
                                                std::vector<std::byte>& result) const;

    /// It takes anything, and gives anything.
    static wire::method_signature signature();

private:
    std::string name_;
    std::string line_;
    std::size_t output_bytes_max_;
    const interruption* interrupted_;
};

}  // namespace signet::command
