// SPDX-License-Identifier: Apache-2.0
// Who joined, left, died or was refused, as a line for people on standard error.
#pragma once

#include <signet/transport/topic.hpp>

namespace signet::command {

/// Writes "signet: robot/pose: publisher 4711 (driver) joined". `whose` is the side it happened to.
void report_event(const std::string& topic, const char* whose, const transport::topic_event& event);

}  // namespace signet::command
