// SPDX-License-Identifier: Apache-2.0
// Channels over System V message queues: `sysv:///path`. Two ends meet at a unix socket at that
// path, which tells each who the other is; then a queue for each direction carries the messages.
//
// The kernel keeps such queues when both ends are killed. Therefore `<path>.queues` lists their
// keys before they are made, with a lock on each entry as long as an end lives: who listens there
// next, or accepts, removes the queues of entries that nobody locks. The end that survives the
// other removes both queues itself.
//
// Such a queue cannot be watched. A receive without deadline and stop is one call of the kernel; a
// wait with one of them, and `fd()`, cost a thread each.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::sysv {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::sysv
