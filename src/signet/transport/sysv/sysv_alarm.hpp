// SPDX-License-Identifier: Apache-2.0
// The end of a wait that the kernel offers no end for: a thread that calls `ring` when the patience
// ends first. Belongs to the thread that waits.
#pragma once

#include <signet/os/event.hpp>
#include <signet/transport/patient_wait.hpp>

#include <functional>
#include <optional>
#include <thread>

namespace signet::transport::sysv {

class sysv_alarm {
public:
    /// No thread where the patience has no end. `ring` may not throw.
    sysv_alarm(const patience& limit, stop_bell& bell, std::function<void()> ring);

    /// It does not ring after this.
    ~sysv_alarm();

    sysv_alarm(const sysv_alarm&) = delete;
    sysv_alarm& operator=(const sysv_alarm&) = delete;

private:
    stop_bell* bell_;
    std::optional<os::event> over_;
    std::thread thread_;
};

}  // namespace signet::transport::sysv
