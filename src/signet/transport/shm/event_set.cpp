// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/event_set.hpp>

#include <array>
#include <utility>

namespace signet::transport::shm {

event_set::event_set(int event, int greeting) : greeting_{greeting} {
    set_.add(event, os::interest::readable | os::interest::edge_triggered, 0);
    if (greeting_ >= 0) set_.add(greeting_, os::interest::readable, 1);
}

void event_set::settle() {
    const int greeting = std::exchange(greeting_, -1);
    if (greeting >= 0) set_.remove(greeting);
    std::array<os::ready, 2> taken;
    set_.wait(taken, deadline::min());
}

}  // namespace signet::transport::shm
