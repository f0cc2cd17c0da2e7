// SPDX-License-Identifier: Apache-2.0
// The thread that drives the relays of a context: asleep unless something that one of them waits
// for is there. A user's endpoint has a group of relays, which begins with one and ends with the
// endpoint. All signals are blocked in it.
//
// Thread safety: all public members from any thread but its own. In a forked child it does not run,
// and nothing of it must be called.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/transport/topic_carrier.hpp>
#include <signet/transport/wait_engine.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace signet::transport::relay {

class relay_thread {
public:
    /// That of a context; the first endpoint that needs one starts it, the last one ends it. Throws
    /// `error` (unsupported) where the context has manual drive.
    static std::shared_ptr<relay_thread> of(const std::shared_ptr<link::control_plane>& plane);

    explicit relay_thread(const std::shared_ptr<link::control_plane>& plane);
    ~relay_thread();

    relay_thread(const relay_thread&) = delete;
    relay_thread& operator=(const relay_thread&) = delete;

    enum class group : std::uint64_t {};

    group start(std::unique_ptr<topic_relay> first);

    /// Has them finish, until the deadline at most; when this returns they are no more.
    void finish(group which, deadline until) noexcept;

private:
    class one_relay;
    using members = std::list<std::unique_ptr<one_relay>>;

    /// What another thread asks for.
    struct request {
        group which;
        std::unique_ptr<topic_relay> begin;  ///< null: finish
        deadline until;
        std::promise<void> finished;
    };

    /// A group that is asked to finish.
    struct ending {
        group which;
        deadline until;
        std::promise<void> finished;
    };

    void run();
    void ask(request what);
    void take_requests();
    void let_work(one_relay& who);
    void work_all_due();
    void settle_endings();
    void drop_over();
    bool any_of(group which) const;
    const ending* ending_of(group which) const;
    deadline next_deadline() const;

    // The thread's own.
    wait_engine waits_{life::wait_mode::sleep};
    members relays_;
    std::unordered_map<wait_key, one_relay*> by_key_;
    std::vector<ending> endings_;
    std::vector<std::thread> helpers_;  ///< joined by the destructor

    std::weak_ptr<link::control_plane> plane_;
    std::mutex mutex_;
    std::vector<request> requests_;
    std::uint64_t groups_ = 0;
    std::atomic<bool> stopping_{false};
    std::uint64_t generation_;
    std::thread thread_;
};

}  // namespace signet::transport::relay
