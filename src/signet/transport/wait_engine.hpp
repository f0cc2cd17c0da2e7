// SPDX-License-Identifier: Apache-2.0
// One thread's wait for many things at once: endpoints, descriptors, timers. It looks before it
// sleeps, spins as a single endpoint does, and sleeps on the words of all bells together, or, where
// that cannot be (a descriptor, a context without a thread, too many words), in an epoll set of
// descriptors. No wake-up is missed: docs/design/bells.md, S1 to S5, with all bells armed before
// one look at all endpoints.
//
// Thread safety: one thread, but for wake().
#pragma once

#include <signet/life/waiting.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/transport/topic.hpp>
#include <signet/transport/waitable.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace signet::transport {

/// One thing that is waited for; never used again for another.
enum class wait_key : std::uint64_t {};

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

    bool contains(wait_key which) const { return find(which) != nullptr; }

    /// Whether its context was stopped.
    bool stopped(wait_key which) const;

    /// Drives a manual plane while it waits; those of endpoints are driven anyway.
    void drive(std::shared_ptr<link::control_plane> plane);

    /// What is ready, or nothing: the patience ended, wake() was called, or a plane was stopped.
    /// Valid until the next call.
    std::span<const wait_key> wait(const patience& limit);

    /// Ends the wait that is under way, or else the next one. Any thread.
    void wake();

    std::size_t size() const noexcept { return members_.size(); }

private:
    struct member {
        wait_key key;
        std::unique_ptr<waitable> endpoint;  ///< null: a descriptor
        int fd = -1;                         ///< in the epoll set; -1: not yet
        os::interest wanted = os::interest::readable;
        bool enabled = true;
        bool reported = false;  ///< a descriptor that the kernel called ready
    };

    member* find(wait_key which);
    const member* find(wait_key which) const;
    void drop_gone();
    void drop_set();
    void open_set();
    void watch(member& one);
    void unwatch(member& one);
    bool asks_kernel() const;
    bool look_everywhere();
    bool look();
    bool is_ready(member& one);
    bool spins() const;
    bool ended(const patience& limit) const;
    void post();
    bool sleep(const patience& limit);
    deadline until_of(const patience& limit) const;
    bool fits_words() const;
    void arm_words();
    void arm_descriptors();
    void wait_in_set(deadline until);
    void touch_all();
    void take(std::span<const os::ready> found);
    void note(member& one);
    void disarm();

    std::vector<member> members_;
    std::vector<wait_key> ready_;
    std::vector<os::futex_waiter> words_;
    std::vector<std::shared_ptr<link::control_plane>> planes_;  ///< driven by hand
    std::optional<os::epoll> set_;
    std::uint64_t next_key_ = 1;
    std::size_t turn_ = 0;         ///< who is looked at first
    std::size_t descriptors_ = 0;  ///< members that are descriptors
    life::spinner spinner_;

    life::notice notice_;
    os::event event_;  ///< in the set: says the same as the notice
    std::atomic<bool> woken_{false};
};

}  // namespace signet::transport
