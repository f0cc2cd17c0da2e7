// SPDX-License-Identifier: Apache-2.0
// Which queues belong to conversations at one path: entries of a file, each under a shared lock of
// those who use its queues, which the kernel lets go when they end. Entries that nobody locks are
// swept. Only who listens at the path makes pairs and sweeps; one thread.
//
//     entry   +0 magic u32 | key to the client i32 | key to the server i32 | zero u32
#pragma once

#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/os/sysv_queue.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace signet::transport::sysv {

inline constexpr std::uint64_t pairs_max = 4096;

/// Being a user of one entry's queues. Both ends share it, so that it lasts while either has it,
/// or it is on its way from one to the other.
class pair_hold {
public:
    /// Throws `error`: not ours to open, or locked by a sweeper.
    pair_hold(const std::string& path, std::uint64_t entry);

    /// What the other end sent. Where that is anything else, it harms its own queues.
    explicit pair_hold(os::descriptor sent) noexcept : lock_{std::move(sent)} {}

    /// To be sent. Valid as long as this.
    int fd() const noexcept { return lock_.get(); }

    pair_hold(const pair_hold&) = delete;
    pair_hold& operator=(const pair_hold&) = delete;

private:
    os::descriptor lock_;  ///< of the open file whose lock it is, and which ends with the last one
};

/// Two queues that nobody else knows yet; they go with this.
struct queue_pair {
    std::uint64_t entry;
    os::sysv_queue to_client;
    os::sysv_queue to_server;
};

/// Makes one, listed in the file at `path`, which is created where it is missing; sweeps first.
/// Throws `error`: a limit of the kernel, no rights, pairs_max.
queue_pair make_pair(const std::string& path);

/// Removes the queues of dead ends; how many. Throws `error`.
std::size_t sweep(const std::string& path);

}  // namespace signet::transport::sysv
