// SPDX-License-Identifier: Apache-2.0
// One thread's wait for many things at once: endpoints, descriptors, timers. It looks before it
// sleeps, spins as a single endpoint does, and sleeps on the words of all bells together, or, where
// that cannot be (a descriptor, a context without a thread, too many words), in an epoll set of
// descriptors. No wake-up is missed: docs/design/bells.md, S1 to S5, with all bells armed before
// one look at all endpoints. A wait costs what is ready and not what is idle: those of whom the
// kernel tells are not looked at before it does, nor others that can say so themselves and have
// been quiet for a while (crowd.hpp).
//
// Thread safety: one thread, but for wake().
#pragma once

#include <signet/life/waiting.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/transport/crowd.hpp>
#include <signet/transport/told_members.hpp>
#include <signet/transport/topic.hpp>
#include <signet/transport/waitable.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace signet::transport {

class wait_engine {
public:
    explicit wait_engine(life::wait_mode waiting) : spinner_{waiting} {}

    /// Throws contract_violation: the endpoint is in it already.
    wait_key add(std::unique_ptr<waitable> endpoint);

    /// Throws `error`: the descriptor cannot be watched, or is in it already.
    wait_key add_descriptor(int fd, os::interest wanted);

    /// False: it is not in it, or left by itself when its endpoint went.
    bool remove(wait_key which);

    /// Endpoints that are not enabled are not looked at, and wake nobody. False: it is not in it.
    bool enable(wait_key which, bool wanted);

    /// Has the next wait look at it whatever the kernel tells, as after enable(); or, where it was
    /// looked at to the end, not before the kernel tells. Both for who has just done either.
    void look_at(wait_key which) { told_.look_at(which); }
    void settle(wait_key which) { told_.settle(which); }

    bool contains(wait_key which) const {
        return told_.contains(which) || crowd_.contains(which) || find(which) != nullptr;
    }

    /// Whether its context was stopped; that of any.
    bool stopped(wait_key which) const;
    bool any_stopped() const;

    /// Whom it waits for may run on so many cores with it: see life::spinner.
    void share(unsigned cores) noexcept { spinner_.share(cores); }

    /// Drives a manual plane while it waits; those of endpoints are driven anyway.
    void drive(std::shared_ptr<link::control_plane> plane);

    /// What is ready, or nothing: the patience ended, wake() was called, or a plane was stopped.
    /// Valid until the next call.
    std::span<const wait_key> wait(const patience& limit);

    /// Ends the wait that is under way, or else the next one. Any thread.
    void wake();

    /// For a wait in somebody else's set: a descriptor that, from arm() until disarm(), is readable
    /// when wait() has something; and whether it may have something now. Valid as long as this.
    int fd();
    void arm();
    void disarm();
    bool may_have();

    std::size_t size() const { return members_.size() + crowd_.size() + told_.size(); }
    bool empty() const {
        return members_.empty() && crowd_.empty() && (told_.empty() || told_.size() == 0);
    }

private:
    using member = wait_member;

    member* find(wait_key which);
    const member* find(wait_key which) const;
    void refuse_twin(const waitable& endpoint);
    void drop_gone();
    void drop_all_gone();
    void drop_set();
    void open_set();
    void watch(member& one);
    void watch_board(member& one);
    void unwatch(member& one);
    void leave_set(int& fd);
    bool recall(wait_key which);
    void recall_all();
    void recall_marked();
    void put_back(member one);
    bool joins_crowd(member& one);
    void send_away(std::size_t kept, std::uint32_t quiet_looks);
    bool asks_kernel() const;
    bool sleeps_at_once(const patience& limit) const;
    bool look_first(const patience& limit);
    bool look_everywhere();
    bool look();
    bool glance();
    bool glance_at_last();
    bool is_ready(member& one);
    bool spins() const;
    bool spin(bool& found, const patience& limit);
    bool ended(const patience& limit) const;
    bool ended_amid_looks(const patience& limit) const;
    void post();
    bool sleep(const patience& limit);
    bool sleep_in_set(const patience& limit);
    void sleep_until(deadline until, bool by_words);
    deadline until_of(const patience& limit) const;
    bool fits_words() const;
    void arm_words();
    void arm_descriptors();
    bool wait_in_set(deadline until);
    void touch_all();
    void take(std::span<const os::ready> found);
    void note(member& one);

    std::vector<member> members_;  ///< that are looked at in each wait, by key
    crowd crowd_;                  ///< that are not
    std::array<os::ready, os::epoll::ready_max> found_;
    std::vector<wait_key> ready_;
    std::vector<os::futex_waiter> words_;
    std::vector<std::shared_ptr<link::control_plane>> planes_;  ///< driven by hand
    std::optional<os::epoll> set_;
    told_members told_;                                     ///< whose set that is
    std::unordered_map<const void*, wait_key> identities_;  ///< of endpoints, some of them gone
    std::size_t identities_most_ = 16;                      ///< then the gone ones are dropped
    std::uint64_t next_key_ = 1;
    std::size_t turn_ = 0;     ///< who is looked at first
    std::size_t last_ = 0;     ///< who was ready last, if it stands there still
    std::uint32_t looks_ = 0;  ///< since all were looked at
    life::spinner spinner_;

    life::notice notice_;
    os::event event_;  ///< in the set: says the same as the notice
    std::atomic<bool> woken_{false};
};

}  // namespace signet::transport
