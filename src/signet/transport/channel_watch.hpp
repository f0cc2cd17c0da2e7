// SPDX-License-Identifier: Apache-2.0
// Waiting for ends of channels that have a descriptor, together with other things (waitable.hpp).
// Belongs to the thread that waits.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/transport/waitable.hpp>

#include <memory>

namespace signet::transport {

/// Until `fd` is readable: there may be something to receive. Keeps the end.
std::unique_ptr<waitable> watch_readable(std::shared_ptr<channel_end> end, int fd);

/// Until `fd` is writable: there is room to send.
std::unique_ptr<waitable> watch_writable(std::shared_ptr<channel_end> end, int fd);

}  // namespace signet::transport
