// SPDX-License-Identifier: Apache-2.0
#include "interruption.hpp"

#include <signet/base/time.hpp>
#include <signet/os/epoll.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>

namespace signet::command {
namespace {

constexpr std::array caught{SIGINT, SIGTERM, SIGHUP};
constexpr std::chrono::seconds patience{2};
constexpr int signal_status = 128;

}  // namespace

interruption::interruption() : signals_{caught}, watcher_{&interruption::watch, this} {}

interruption::~interruption() {
    ending_.signal();
    watcher_.join();
}

int interruption::exit_status() const {
    const int number = number_.load(std::memory_order_relaxed);  // relaxed: it stands for itself
    return number == 0 ? 0 : signal_status + number;
}

void interruption::watch() {
    os::epoll both;
    both.add(signals_.fd(), os::interest::readable, 0);
    both.add(ending_.fd(), os::interest::readable, 1);
    std::array<os::ready, 2> storage;
    deadline until = never;
    for (;;) {
        const auto events = both.wait(storage, until);
        for (const os::ready& event : events) {
            if (event.tag == 1) return;
        }
        if (until != never) std::_Exit(exit_status());
        number_.store(signals_.try_take().value_or(SIGTERM),
                      std::memory_order_relaxed);  // as above
        until = after(patience);
        came_.signal();
        source_.request_stop();
    }
}

}  // namespace signet::command
