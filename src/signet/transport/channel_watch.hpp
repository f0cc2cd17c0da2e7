// SPDX-License-Identifier: Apache-2.0
// Waiting for ends of channels, and for listeners, that have descriptors, together with other
// things (waitable.hpp). A watch may outlive what it watches, and then knows it. Belongs to the
// thread that waits.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/transport/stream_interest.hpp>
#include <signet/transport/waitable.hpp>

#include <memory>

namespace signet::transport {

/// Until `fd` is readable: there may be something to receive.
std::unique_ptr<waitable> watch_readable(std::shared_ptr<channel_end> end, int fd);

/// The same for an end that is a stream: what could not be written goes out meanwhile. The interest
/// lives in the end.
std::unique_ptr<waitable> watch_stream(std::shared_ptr<channel_end> end, stream_interest& what);

/// Until `fd` is writable: there is room to send.
std::unique_ptr<waitable> watch_writable(std::shared_ptr<channel_end> end, int fd);

/// Until somebody may be waiting to be accepted.
std::unique_ptr<waitable> watch_listener(std::shared_ptr<channel_listener> listener);

}  // namespace signet::transport
