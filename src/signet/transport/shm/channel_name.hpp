// SPDX-License-Identifier: Apache-2.0
// Where a channel in shared memory is found: a socket in the folder `channels` of the rendezvous
// directory. A listener owns the name as long as it lives; one that a killed listener left is used
// again. One thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/name_group.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/name_lock.hpp>
#include <signet/os/unix_listener.hpp>
#include <signet/os/unix_socket.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace signet::transport::shm {

/// "robot/arm", checked, and its place.
class channel_name {
public:
    /// Throws `error`: bad_name, or the directory cannot be used.
    explicit channel_name(const std::string& where);

    /// Connects. Throws `error`: nobody listens there, somebody else's listener, timed_out.
    os::seqpacket_socket connect(deadline until) const;

    const std::string& name() const noexcept { return name_; }
    std::string address() const { return "shm://" + name_; }
    const os::directory& place() const noexcept { return place_; }

    /// How it is called there: with ':' for '/', and a long one by its beginning and a hash.
    const std::string& file() const noexcept { return file_; }

private:
    std::string name_;
    os::directory place_;
    std::string file_;
};

/// A socket that listens there, and owns the name.
class bound_channel {
public:
    /// Throws `error`: a living process listens there.
    explicit bound_channel(channel_name where);
    ~bound_channel();

    bound_channel(const bound_channel&) = delete;
    bound_channel& operator=(const bound_channel&) = delete;

    os::seqpacket_listener& socket() noexcept { return *socket_; }
    const channel_name& where() const noexcept { return where_; }

private:
    void require_dead() const;

    channel_name where_;
    os::made_in_process here_;
    os::name_lock lock_;
    std::optional<os::seqpacket_listener> socket_;
};

/// The same for one that shares the name with others (life/name_group.hpp).
class member_channel {
public:
    /// Throws `error`: somebody listens there who does not share it.
    explicit member_channel(channel_name where);
    ~member_channel();

    member_channel(const member_channel&) = delete;
    member_channel& operator=(const member_channel&) = delete;

    os::seqpacket_listener& socket() noexcept { return *socket_; }
    const channel_name& where() const noexcept { return where_; }

private:
    channel_name where_;
    os::made_in_process here_;
    std::unique_ptr<life::group_member> member_;
    std::optional<os::seqpacket_listener> socket_;
    std::optional<life::closed_in_forked_child> in_child_;
};

/// Whether the other end is of the user whom we talk with: our own.
bool is_own_user(const os::seqpacket_socket& peer);

}  // namespace signet::transport::shm
