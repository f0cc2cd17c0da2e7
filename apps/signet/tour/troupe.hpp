// SPDX-License-Identifier: Apache-2.0
// The processes of a tour: starts them, watches them end, kills them. All of them end with this
// object, and with this process, however it ends. One thread, which must be the one that started
// them (a child dies with the thread that made it).
#pragma once

#include <signet/os/child.hpp>
#include <signet/os/descriptor.hpp>

#include <tour/ledger.hpp>
#include <tour/messages.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace tour {

class troupe {
public:
    /// `files` is the directory of the archiver.
    troupe(std::string tour, std::string files);

    /// Starts a process for `role`, which must have none. The archiver begins at `first_file`.
    /// Throws `error`: limits.
    void start(role_id role, std::uint64_t first_file);

    /// Its pid; 0: it has no process.
    int pid(role_id role) const;

    /// To watch: readable when it has ended. Valid until take_end().
    int fd(role_id role);

    void signal(role_id role, int number);

    /// Whether it still runs, as the kernel sees it.
    bool running(role_id role);

    /// How it ended; none: it did not. Then it has no process.
    std::optional<signet::os::exit_status> take_end(role_id role);

    /// How many messages the process of `role` had been told were sent, also after it is dead,
    /// until the next one starts.
    std::uint64_t promised(role_id role) const;

    /// The last thing that any of them said on its standard error. Empty: nothing.
    std::string last_complaint() const;

private:
    struct member {
        std::optional<signet::os::child> process;
        unsigned slot = 0;
    };

    member& at(role_id role) { return members_[static_cast<std::size_t>(role)]; }
    const member& at(role_id role) const { return members_[static_cast<std::size_t>(role)]; }

    std::string tour_;
    std::string files_;
    std::string program_;
    ledger ledger_;
    signet::os::descriptor complaints_;
    unsigned next_slot_ = 0;
    std::array<member, role_count> members_;
};

}  // namespace tour
