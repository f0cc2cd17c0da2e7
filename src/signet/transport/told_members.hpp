// SPDX-License-Identifier: Apache-2.0
// Those members of a wait for many things of whom the kernel tells (waitable::told_by_kernel):
// descriptors, and endpoints that have some. Only who was reported is looked at, and who may have
// read ahead, so that idle ones cost nothing.
//
// Thread safety: belongs to the thread that waits. Invariant: whoever is `noted` is
// `listed`, and whoever is `listed` stands in `noted_`, once.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/transport/waitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace signet::transport {

class told_members {
public:
    /// The set must outlive its members, but for change_set(). Throws `error`: the descriptor
    /// cannot be watched, or is in the set already.
    void add(wait_key key, std::unique_ptr<waitable> endpoint, os::epoll& set);
    void add(wait_key key, int fd, os::interest wanted, os::epoll& set);

    bool contains(wait_key key) const;
    bool remove(wait_key key, os::epoll& set);

    /// Who is not enabled is not told, and leaves the set when it is reported. False: it is not
    /// there, or its endpoint went.
    bool enable(wait_key key, bool wanted, os::epoll& set);

    /// Has collect() look at it, whatever the kernel says; or not before the kernel says so.
    void look_at(wait_key key);
    void settle(wait_key key);

    /// The kernel called it ready. False: nobody is called so, and the set has a stray.
    bool report(wait_key key, os::epoll& set);

    /// Puts the keys of those that are ready behind `into`.
    void collect(std::vector<wait_key>& into);

    /// All move from a set that has strays to a new one.
    void leave_set();
    void enter_set(os::epoll& set);

    void drop_gone();

    bool any_noted() const noexcept { return noted_count_ != 0; }
    bool any_enabled() const noexcept { return enabled_ != 0; }
    bool empty() const noexcept { return members_.empty(); }

    /// Without those whose endpoints went.
    std::size_t size() const;

private:
    struct member {
        std::unique_ptr<waitable> endpoint;  ///< null: a descriptor
        int fd = -1;                         ///< of a descriptor
        os::interest wanted = os::interest::readable;
        bool enabled = true;
        bool in_set = false;
        bool reported = false;  ///< since collect() looked at it
        bool noted = false;     ///< collect() has to look at it
        bool listed = false;    ///< it stands in `noted_`, once, though it may be settled
    };
    using all_members = std::unordered_map<wait_key, member>;

    static bool gone(const member& one) { return one.endpoint && one.endpoint->gone(); }
    static void enter(wait_key key, member& one, os::epoll& set);
    static void leave(member& one, os::epoll& set) noexcept;
    static bool take_readiness(member& one);
    void collect_one(wait_key key, std::vector<wait_key>& into);
    member* living(wait_key key);
    void note(wait_key key, member& one);
    void forget_note(member& one);
    void erase(all_members::iterator at);

    all_members members_;
    std::vector<wait_key> noted_;   ///< and some who were settled since, or went
    std::vector<wait_key> before_;  ///< the same, of the collect() before; kept for its memory
    std::size_t enabled_ = 0;
    std::size_t noted_count_ = 0;
};

}  // namespace signet::transport
