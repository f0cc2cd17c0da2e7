// SPDX-License-Identifier: Apache-2.0
// A sweep (sweep.hpp) whose survivors are a publisher and a subscriber of the victim's topic.
#pragma once

#include "survivors.hpp"
#include "sweep.hpp"

namespace signet::tests {

template <class Message>
using sweep = kill_sweep<survivors<Message>>;

}  // namespace signet::tests
