// SPDX-License-Identifier: Apache-2.0
// Leads a tour: starts the roles, restarts what dies, kills some itself, shows it all, ends it in
// good order, and finds out whether everything held. One thread.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/os/signal.hpp>

#include <tour/hash_book.hpp>
#include <tour/kill_plan.hpp>
#include <tour/leftovers.hpp>
#include <tour/listening_post.hpp>
#include <tour/picture.hpp>
#include <tour/screen.hpp>
#include <tour/tally.hpp>
#include <tour/troupe.hpp>
#include <tour/verdict.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>

namespace tour {

struct settings {
    std::chrono::milliseconds length{45'000};
    bool forever = false;
    std::string files = "/usr/include";
    bool json = false;
};

class conductor {
public:
    conductor(const settings& wanted, screen& shown);
    ~conductor();

    /// Until the time is over or a person ends it.
    void perform();

    /// Ends all roles, and looks at what is left.
    outcome finish();

private:
    enum class phase { playing, ending };

    // the loop
    bool over();
    void turn(signet::deadline until);
    void kill_if_due();
    void see_ends();
    void see_returns();
    void draw_if_due();

    // its steps
    void start(role_id role);
    void ended(role_id role, int pid, const signet::os::exit_status& status);
    void kill(role_id role);
    void end_roles(std::initializer_list<role_id> roles);
    bool all_at_work() const;
    bool heard(role_id role) const;
    bool enough_killed() const;
    void look_at_memory();
    bool stop_wanted();

    // what is shown
    void tell(const std::string& text);
    scene look() const;
    row look_at(role_id role) const;
    std::chrono::milliseconds elapsed() const;

    void enter_books(outcome& into) const;
    void ask_stranger(outcome& into);

    settings wanted_;
    screen& screen_;
    std::string id_;
    signet::os::signal_queue signals_;
    machine_limits limits_;
    signet::clock::time_point begin_;
    tally tally_;
    hash_book hashes_;
    memory_watch memory_;
    std::optional<listening_post> ears_;
    troupe troupe_;
    signet::os::epoll set_;
    kill_plan plan_;
    phase phase_ = phase::playing;
    bool interrupted_ = false;
    std::set<int> announced_;  ///< pids that were said to be back
    std::deque<std::string> events_;
    std::string closing_;
    std::uint64_t orphaned_ = 0;
    signet::deadline next_picture_{};
    signet::deadline next_memory_{};
};

}  // namespace tour
