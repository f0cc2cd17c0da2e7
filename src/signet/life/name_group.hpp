// SPDX-License-Identifier: Apache-2.0
// Processes that share a name. Each has a socket of its own in the folder `<name>~shared` beside
// the name, and whoever looks for the name takes one of them:
//
//     <number>-<random>         a socket at which a member is reached; it listens when it appears
//     <number>-<random>.life    the member's os::life_pipe
//     <number>-<random>.new     a link to a socket, on its way to another name
//     .<any of these>           is being made
//
// Both are 16 hexadecimal digits. The number is larger than that of all who were there, so that the
// names stand in the order in which their members came; the random one is never met twice.
//
// Invariants:
//   1. A name of a member is removed by the member itself, or after its end was seen; so nobody who
//      lives loses its name, and nobody waits for another: a member may die anywhere.
//   2. A member lists the others after its own name has appeared, and one that sees a newer one
//      gives up its name and comes again: so no member ever finds an older one that is new to it.
//   3. A name has one owner (os::name_lock) or members, never both: each looks for the other after
//      its own is there.
//
// A group is for any thread, a member for one at a time.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/fork_ledger.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/life_pipe.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::life {

class name_group {
public:
    /// The group of `name` in `place`, which must outlive it. None: there is none, or its folder is
    /// not this user's alone. Throws `error`.
    static std::optional<name_group> find(const os::directory& place, std::string_view name);

    /// The same, made where it is missing. Throws `error` (untrusted) where it lets others in.
    static name_group find_or_create(const os::directory& place, std::string_view name);

    /// Who is in it, dead or alive, the oldest first. Throws `error`.
    std::vector<std::string> members() const;

    /// What tells of a member's end. None: it has ended. Throws `error`.
    std::optional<os::life_watch> watch(const std::string& member) const;

    /// Removes the names of one that has ended.
    void forget(const std::string& member) const noexcept;

    /// Removes all that the dead have left; with nobody alive, the folder too. Whether anybody is.
    bool sweep() const;

    /// Connects to a member: true. False: it has ended. Throws `error`: timed_out where it has no
    /// room before the deadline.
    using knock = std::function<bool(const std::string& member, deadline until)>;

    /// Knocks at the members until one opens, from any one on, those without room last. False: all
    /// have ended, and their names were removed. Throws `error`, as `knock` does.
    bool reach_any(const knock& knocks, deadline until) const;

    /// Removes the folder where nobody is in it.
    void remove_if_empty() const noexcept;

    const os::directory& folder() const noexcept { return folder_; }

private:
    enum class answer { opened, ended, no_room };

    name_group(const os::directory& place, std::string name, os::directory folder);

    bool is_own() const;
    std::optional<bool> reach_once(const knock& knocks, deadline until) const;
    answer ask(const std::string& member, const knock& knocks) const;

    const os::directory* place_;
    std::string name_;  ///< of the folder
    os::directory folder_;
};

/// Connects to one of those who share `name` in `place`, else to who has it alone. None: nobody
/// listens there. Throws `error`, as Socket::connect.
template <class Socket>
std::optional<Socket> connect_to_any(const os::directory& place, std::string_view name,
                                     deadline until) {
    std::optional<Socket> socket;
    if (const auto group = name_group::find(place, name)) {
        const auto knocks = [&](const std::string& member, deadline limit) {
            socket = Socket::connect(group->folder(), member, limit);
            return socket.has_value();
        };
        if (group->reach_any(knocks, until)) return socket;
    }
    return Socket::connect(place, name, until);
}

/// Throws `error` (address_in_use) where processes that live share `name`; `address` is for the
/// text. For who has just become its owner.
void require_no_group(const os::directory& place, std::string_view name, std::string_view address);

class group_member {
public:
    /// Makes a socket of that name there which listens. Called anew for each try.
    using listening = std::function<void(const os::directory& folder, const std::string& name)>;

    /// Joins the group of `name`. Throws `error`: somebody owns the name alone (address_in_use), no
    /// rights, no descriptors; nothing is left then.
    static std::unique_ptr<group_member> join(const os::directory& place, std::string_view name,
                                              std::string_view address, const listening& listens);

    /// Removes its names, and the folder with the last one. The socket is closed before.
    ~group_member();

    group_member(const group_member&) = delete;
    group_member& operator=(const group_member&) = delete;

    /// Is found by nobody from here on.
    void withdraw() noexcept;

    /// The end of the youngest of the older members. None: this is the oldest. Throws `error`.
    std::optional<os::life_watch> watch_older() const;

    /// The youngest of the others that live; empty: there is none. Throws `error`.
    std::string youngest_other() const;

    /// Has the name `name` in `place` mean the socket of `member` from one instant to the next;
    /// what had the name loses it.
    void give_name(const std::string& member, const os::directory& place,
                   std::string_view name) const;

    const std::string& id() const noexcept { return id_; }
    const name_group& group() const noexcept { return group_; }

private:
    group_member(const os::directory& place, std::string_view name);

    bool enter(const listening& listens);
    void remove_names() noexcept;

    os::made_in_process here_;
    name_group group_;
    std::string id_;
    std::optional<os::life_pipe> life_;
    std::optional<closed_in_forked_child> in_child_;
};

}  // namespace signet::life
