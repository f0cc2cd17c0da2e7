// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/sysv/sysv_lookout.hpp>

#include <signet/os/signal.hpp>

#include <utility>

namespace signet::transport::sysv {

sysv_lookout::sysv_lookout(std::function<bool()> wait, std::function<void()> wake)
    : wait_{std::move(wait)}, wake_{std::move(wake)} {
    const os::blocked_signals none_for_the_thread;
    thread_ = std::thread{&sysv_lookout::run, this};
}

sysv_lookout::~sysv_lookout() {
    {
        const std::lock_guard locked{mutex_};
        leaving_ = true;
    }
    changed_.notify_one();
    wake_();
    thread_.join();
}

void sysv_lookout::ask_again() {
    const std::lock_guard locked{mutex_};
    if (asked_) return;
    seen_.drain();
    asked_ = true;
    changed_.notify_one();
}

void sysv_lookout::run() {
    for (bool more = true; more;) {
        more = wait_();
        std::unique_lock locked{mutex_};
        asked_ = false;
        seen_.signal();
        changed_.wait(locked, [this] { return asked_ || leaving_; });
        if (leaving_) return;
    }
}

}  // namespace signet::transport::sysv
