// SPDX-License-Identifier: Apache-2.0
// Waiting for a queue together with other things (transport/waitable.hpp). A watch may outlive what
// it watches, and then knows it. Belongs to the thread that waits.
#pragma once

#include <signet/pattern/queue/queue_core.hpp>
#include <signet/transport/waitable.hpp>

#include <memory>

namespace signet::face {

/// Until something may be popped.
std::unique_ptr<transport::waitable> watch_queue(const std::shared_ptr<pattern::queue_core>& what);

}  // namespace signet::face
