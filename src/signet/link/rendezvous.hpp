// SPDX-License-Identifier: Apache-2.0
// The directory in which processes that use the same name find each other. Each context has one
// listening socket there, hard-linked under every topic it takes part in; the link's name says who
// it is, so that a listing is all a newcomer needs. Nothing in the directory has to be cleaned: a
// socket nobody listens on is dead, and whoever meets it removes it.
//
//     sockets/<context>                            16 hexadecimal digits
//     publishers/<topic with ':' for '/'>/p-<context>-<endpoint>
//     subscribers/<topic, likewise>/s-<context>-<endpoint>
//     patterns/<pattern, likewise>/s-<context>-<endpoint>       of all topics that match
//
// Whoever enters reads the names of the other side only, so that a thousand subscribers of a topic
// do not read each other's.
//
// Where a function takes a topic, a pattern (base/topic_pattern.hpp) is meant as well.
//
// Any thread may call any member; operations are independent system calls.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/unix_listener.hpp>
#include <signet/os/unix_socket.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::link {

/// Which side of a pattern an endpoint is.
enum class role : char { publisher = 'p', subscriber = 's' };

constexpr role counterpart(role own) {
    return own == role::publisher ? role::subscriber : role::publisher;
}

/// Somebody's name on the list.
struct listing {
    role side;
    std::uint64_t context;
    std::uint64_t endpoint;

    friend bool operator==(const listing&, const listing&) = default;
};

/// And the list it is on: a topic, or a pattern.
struct named_listing {
    std::string name;
    listing who;
};

class rendezvous {
public:
    /// Opens the directory, creating it (mode 0700) where it is missing. Throws `error` (untrusted)
    /// where it belongs to another user or lets others in, and where it cannot be written.
    explicit rendezvous(const std::string& path);

    /// A socket, already listening when its name appears.
    os::seqpacket_listener listen(std::uint64_t context) const;

    /// Puts a name down; its context must be listening.
    void enter(std::string_view topic, const listing& self) const;

    /// Takes it back; the topic's folder goes with its last name.
    void leave(std::string_view topic, const listing& self) const noexcept;

    /// Takes back the socket of a context that ends.
    void withdraw(std::uint64_t context) const noexcept;

    /// Everybody on the list of `topic` now, dead or alive.
    std::vector<listing> list(std::string_view topic) const;

    /// The publishers, or the subscribers, among them.
    std::vector<listing> list(std::string_view topic, role side) const;

    /// Every topic, and every pattern, that has a list now.
    std::vector<std::string> topics() const;
    std::vector<std::string> patterns() const;

    /// Everybody an endpoint of `topic` is to meet, dead or alive: for a publisher the subscribers
    /// of its topic and of each pattern that matches, for a subscriber the publishers.
    std::vector<named_listing> counterparts(std::string_view topic, role own) const;

    /// Every context that has a socket now, dead or alive.
    std::vector<std::uint64_t> contexts() const;

    /// Connects to a context. None: it is dead, and its socket was removed. Blocks at most until
    /// the deadline; throws `error` (timed_out) then.
    std::optional<os::seqpacket_socket> connect(std::uint64_t context, deadline until) const;

    /// Connects to the context of a listing. None: it is dead, and its names were removed. Blocks
    /// at most until the deadline.
    std::optional<os::seqpacket_socket> connect(std::string_view topic, const listing& whom,
                                                deadline until) const;

    /// Removes the sockets of dead contexts and their names under topics that nobody may ever ask
    /// for again: all of them in a small directory, a sample of them in a large one, so that each
    /// newcomer does a bounded share.
    void sweep() const noexcept;

    const std::string& path() const noexcept { return path_; }

    /// Whose directory it is: the one user this context talks to.
    unsigned uid() const noexcept { return uid_; }

private:
    bool dead(const std::string& socket) const;
    void require_still_there(std::string_view topic, const listing& self) const;
    void sweep_sockets() const;
    void sweep_names() const;
    void sweep_shelf(const os::directory& shelf, role side,
                     std::vector<named_listing>& found) const;
    const os::directory& shelf_of(std::string_view topic, role side) const noexcept;

    std::string path_;
    unsigned uid_;
    os::directory root_;
    os::directory sockets_;
    os::directory publishers_;
    os::directory subscribers_;
    os::directory patterns_;
};

}  // namespace signet::link
