// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/guest_lock.hpp>

#include <signet/os/membarrier.hpp>

namespace signet::transport {

bool guest_lock::try_enter() {
    // relaxed: a hint, which spares all threads a barrier
    if (host_.load(std::memory_order_relaxed) != 0) return false;
    if (guest_.exchange(1, std::memory_order_seq_cst) != 0) return false;  // SYNC guest lock
    try {
        if (fencing_ == life::fence_mode::on_demand) os::membarrier_this_process();
    } catch (...) {
        leave();
        throw;
    }
    if (host_.load(std::memory_order_acquire) == 0) return true;  // SYNC guest lock
    leave();
    return false;
}

void guest_lock::leave() noexcept {
    guest_.store(0, std::memory_order_seq_cst);  // SYNC guest lock; before it looks for who waits
    guest_.notify_one();
}

}  // namespace signet::transport
