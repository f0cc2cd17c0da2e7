// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_host.hpp>

#include <signet/os/futex.hpp>

#include <stop_token>

namespace signet::pattern {

void waiting_thread::sleep(const os::futex_waiter& since, const transport::patience& limit) {
    if (!limit.stop.stop_possible()) return void(os::futex_wait_any({&since, 1}, limit.until));
    const std::stop_callback on_stop{limit.stop, [this] { notice_.post(); }};
    if (!limit.stop.stop_requested()) os::futex_wait_any({&since, 1}, limit.until);
}

}  // namespace signet::pattern
