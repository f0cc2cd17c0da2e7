// SPDX-License-Identifier: Apache-2.0
// The address of a unix channel, taken apart, and the name of a listener, which is removed with it.
// One that a killed listener left is used again. One thread.
#pragma once

#include <signet/os/directory.hpp>
#include <signet/os/name_lock.hpp>
#include <signet/os/unix_address.hpp>
#include <signet/os/unix_stream.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace signet::transport::unix_socket {

/// How long to knock: a living listener takes a connection at once, unless many wait already.
inline constexpr std::chrono::seconds probe_limit{1};

/// `where` is an absolute path, or '@' and an abstract name.
class unix_name {
public:
    /// Throws `error` (bad_name), and where the directory of a path cannot be opened.
    explicit unix_name(const std::string& where, std::string_view scheme = "unix");

    /// Connects. Throws `error`: nobody listens there, no rights, timed_out.
    os::unix_stream_socket connect(deadline until) const;

    /// "unix:///run/x.sock"
    const std::string& text() const noexcept { return text_; }

    const std::optional<os::directory>& place() const noexcept { return place_; }
    const std::string& name() const noexcept { return name_; }

private:
    std::string text_;
    std::optional<os::directory> place_;  ///< none: abstract
    std::string name_;
};

/// A socket that listens there, and owns the name.
class bound_listener {
public:
    /// Throws `error`: a living process listens there, or something else has the name. `where` must
    /// outlive this.
    explicit bound_listener(const unix_name& where);
    ~bound_listener();

    bound_listener(const bound_listener&) = delete;
    bound_listener& operator=(const bound_listener&) = delete;

    os::unix_stream_listener& socket() noexcept { return *socket_; }
    int fd() const noexcept { return socket_->fd(); }

    /// Has nothing to do: nobody else is after the name.
    void tend() const noexcept {}

private:
    void remove_stale() const;

    const unix_name* where_;
    std::optional<os::name_lock> lock_;
    std::optional<os::unix_stream_listener> socket_;
};

}  // namespace signet::transport::unix_socket
