// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/fifo/fifo_end.hpp>

namespace signet::transport::fifo {

bool fifo_end::end_writing() {
    write_fd_.store(-1, std::memory_order_relaxed);  // relaxed: it stands for itself
    held_.reset();
    writer_.reset();
    return true;
}

}  // namespace signet::transport::fifo
