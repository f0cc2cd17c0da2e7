// SPDX-License-Identifier: Apache-2.0
// A context is a process's place among the others: one listening socket in the rendezvous directory
// and one thread, asleep unless somebody joins, leaves or dies. Endpoints that are given none share
// one. Make your own for another directory, or to drive it from your own loop without any thread.
//
// Thread safety: any thread may call any member, also poll() while others do. A copy is the same
// context; it lives as long as its last copy or endpoint.
#pragma once

#include <signet/base/time.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace signet {

namespace link {
class control_plane;
}

/// Who drives a context.
enum class drive {
    thread,  ///< a background thread with all signals blocked
    manual,  ///< you, by fd() and poll(); calls that block on its endpoints drive it meanwhile
};

struct context_options {
    /// The rendezvous directory, created (mode 0700) where it is missing. Empty: $SIGNET_DIR, else
    /// /dev/shm/signet-<uid>.
    std::string directory{};

    signet::drive drive = signet::drive::thread;
};

class context {
public:
    /// Throws `error`: the directory cannot be made or written, or belongs to another user.
    explicit context(const context_options& options = {});

    /// The one that endpoints use where they are given none. Made at its first use; a forked child
    /// gets its own.
    static context shared();

    /// Readable when poll() has something to do. Valid as long as the context.
    int fd() const;

    /// Does what is due and returns at once. For manual drive.
    void poll();

    /// The same, waiting for something to do for at most `limit`.
    void poll_for(std::chrono::nanoseconds limit);

    /// Ends the waits of all endpoints of this context, now and later: they return without a value.
    void stop();

    /// The rendezvous directory.
    const std::string& directory() const;

    /// For endpoints.
    const std::shared_ptr<link::control_plane>& plane() const noexcept { return plane_; }

private:
    explicit context(std::shared_ptr<link::control_plane> plane);

    std::shared_ptr<link::control_plane> plane_;
};

}  // namespace signet
