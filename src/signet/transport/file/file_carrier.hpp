// SPDX-License-Identifier: Apache-2.0
// A log as a channel of one direction: `file:///path`. Who listens is the writer, and accepts one
// end, which sends; any number of others connect and receive, each all there is from the first
// message, or from now on with `file:///path?from=end`. What was sent stays when both have ended:
// nobody waits for readers, and they need no writer. One writer at a time; the next one goes on
// where the last, in order or killed, left off, and so do those who read.
//
// A reader gets all that was sent, then `ended` where the last writer closed; where it was killed
// `error` (peer_died), until somebody else writes there.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::log_file {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::log_file
