// SPDX-License-Identifier: Apache-2.0
// Waiting for a descriptor as long as a `patience` lasts, a stop included. One object belongs to
// one thread at a time.
#pragma once

#include <signet/os/event.hpp>
#include <signet/os/readiness.hpp>
#include <signet/transport/topic.hpp>

#include <optional>
#include <stop_token>

namespace signet::transport {

/// Whether it lasts no longer.
bool is_over(const patience& limit);

/// A descriptor that becomes readable when a stop is asked for.
class stop_bell {
public:
    /// -1: nobody can ask. To be disarmed after the wait.
    int fd_for(const patience& limit);
    void disarm();

private:
    struct ring {
        os::event* bell;
        void operator()() const { bell->signal(); }
    };

    std::optional<os::event> bell_;
    std::optional<std::stop_callback<ring>> on_stop_;
};

/// Waits until `fd` is ready; false where the patience ended first.
bool wait_patiently(int fd, os::readiness wanted, const patience& limit, stop_bell& bell);

}  // namespace signet::transport
