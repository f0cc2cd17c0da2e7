// SPDX-License-Identifier: Apache-2.0
#include <signet/life/short_lock.hpp>

namespace signet::life {

void short_lock::lock_slowly() noexcept {
    while (word_.exchange(is_wanted, std::memory_order_acquire) != is_free) {  // SYNC short-lock
        word_.wait(is_wanted, std::memory_order_relaxed);  // relaxed: it is looked at again
    }
}

}  // namespace signet::life
