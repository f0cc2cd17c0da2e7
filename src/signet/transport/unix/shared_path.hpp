// SPDX-License-Identifier: Apache-2.0
// A listener that shares its path with others (life/name_group.hpp): its socket stands in the
// folder `<path>~shared`, where Signet's ends find it, and the path itself means the socket of the
// oldest who lives, for those who know the path only. Each member watches the next older one; with
// nobody older left it takes the path, at one instant. Who leaves in order hands it over. One
// thread.
#pragma once

#include <signet/life/name_group.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/unix_stream.hpp>
#include <signet/transport/unix/unix_name.hpp>

#include <memory>
#include <optional>

namespace signet::transport::unix_socket {

/// Connects to one of those who share a path, or to the only one. Throws `error`, as
/// unix_name::connect.
os::unix_stream_socket connect_to_any(const unix_name& where, deadline until);

class shared_listener {
public:
    /// Throws `error`: somebody listens there who does not share it, or it is no socket; an
    /// abstract name (unsupported). `where` must outlive this.
    explicit shared_listener(const unix_name& where);
    ~shared_listener();

    shared_listener(const shared_listener&) = delete;
    shared_listener& operator=(const shared_listener&) = delete;

    os::unix_stream_listener& socket() noexcept { return *socket_; }

    /// Takes the path where its turn has come. Throws `error`: no descriptors, no room; then it is
    /// tried again next time.
    void tend();

    /// Readable when somebody may be waiting, or tend() has something to do.
    int fd() const noexcept { return set_.fd(); }

private:
    void require_free() const;
    bool find_place();
    bool take_path() const;
    void leave();

    const unix_name* where_;
    os::made_in_process here_;
    os::epoll set_;
    std::unique_ptr<life::group_member> member_;
    std::optional<os::unix_stream_listener> socket_;
    std::optional<life::closed_in_forked_child> in_child_;
    std::optional<os::life_watch> older_;  ///< the end of whom this one waits for
};

}  // namespace signet::transport::unix_socket
