// SPDX-License-Identifier: Apache-2.0
// Channels over descriptors that this process was started with: `pipe:` are its standard input and
// output, `pipe:3,4` are 3 to read from and 4 to write to. It is what a program that is started by
// `exec:` (exec_carrier.hpp) or by a shell's pipe says. There is nobody to listen for.
//
// The descriptors are taken over from the process: in place of standard input and output there is
// /dev/null then, so that a stray print is not taken for a message.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::pipe {

const carrier& the_pipe_carrier() noexcept;

}  // namespace signet::transport::pipe
