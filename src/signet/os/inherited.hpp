// SPDX-License-Identifier: Apache-2.0
// Descriptors that this process was started with, such as its standard input and output. They
// belong to the whole process: whoever takes one over says so to everybody. Any thread.
#pragma once

#include <signet/os/descriptor.hpp>

namespace signet::os {

/// Takes `number` over: what was open there moves to the descriptor that is returned, which exec
/// closes. In place of 0, 1 and 2 there is /dev/null from then on, so that whoever prints, or opens
/// a file, does not get in between. Throws `error`: nothing is open there.
descriptor take_inherited(int number);

}  // namespace signet::os
