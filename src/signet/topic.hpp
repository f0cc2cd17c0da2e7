// SPDX-License-Identifier: Apache-2.0
// What publishers and subscribers of a topic share: their options, and the events that tell who
// joined, left or died. Plain values.
#pragma once

#include <signet/transport/topic.hpp>

namespace signet {

using transport::delivery;
using transport::page_size;
using transport::paging;
using transport::publisher_options;
using transport::publisher_status;
using transport::subscriber_options;
using transport::subscriber_status;
using transport::topic_event;

using life::wait_mode;

}  // namespace signet
