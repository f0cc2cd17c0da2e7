// SPDX-License-Identifier: Apache-2.0
// Channels over POSIX message queues: `mq:///name`. Between processes of one user, in one IPC
// namespace and one pid namespace. Each conversation has a queue of its own in each direction, made
// by who connects. The queues have no names: who accepts opens them through /proc/<pid>/fd, and
// they go with the last process that has them, so a kill leaves nothing; the name of a listener
// that was killed is taken over by the next.
//
// How large a message is, and how many queues there may be, the kernel says
// (/proc/sys/fs/mqueue, ulimit -q); message_bytes_max is lowered to that.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::mq {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::mq
