// SPDX-License-Identifier: Apache-2.0
// A sweep: a child process does an operation again and again, killed before its first step, before
// its second, and so on, until it completes. After each death those who survive, in this process,
// must get on as if nothing had been.
#pragma once

#include "kill_point.hpp"
#include "last_words.hpp"
#include "sleepy_thread.hpp"
#include "state_names.hpp"

#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>
#include <string>

namespace signet::tests {

using testing::eventually;

/// What one process does, and what happens around it.
struct scenario {
    std::function<void(int k)> victim;      ///< in the child; ends where the operation ends
    std::function<void()> when_ready{};     ///< before it is told to go
    std::function<void()> when_asleep{};    ///< not empty: nothing happens until it sleeps
    std::function<void()> before_waking{};  ///< it has ended; survivors that sleep will be woken
    std::function<void()> when_ended{};
    bool may_leave = false;  ///< it may be told to have left in good order
};

/// `Rest` are the survivors, and say what must hold (topic_sweep.hpp, region_survivors.hpp).
template <class Rest>
class kill_sweep {
public:
    template <class... Options>
    explicit kill_sweep(const Options&... options) : rest_{options...} {}

    Rest& rest() noexcept { return rest_; }

    /// Kills the victim at each of its steps, until it was killed in each of the `expected` states.
    /// Its steps are not the same each time, for the others run beside it: so one pass may miss
    /// some.
    void run(const scenario& what, const std::set<std::string>& expected) {
        int points = 0;
        int passes = 0;
        for (; passes == 0 || goes_on(passes, expected); ++passes) points += pass(what);
        EXPECT_EQ(missing(expected), "") << "the states it was never killed in";
        std::cout << points << " points in " << passes << " passes, " << hit_.size() << " states"
                  << rest_.summary() << '\n';
    }

private:
    static constexpr int steps_max = 5000;
    static constexpr int passes_max = 100;

    /// More of them meet more interleavings.
    static int passes_wanted() {
        const char* const wanted = std::getenv("SIGNET_PASSES");
        return wanted != nullptr ? std::atoi(wanted) : 1;
    }

    bool goes_on(int passes, const std::set<std::string>& expected) const {
        if (::testing::Test::HasFailure()) return false;
        return passes < passes_wanted() || (passes < passes_max && missing(expected) != "");
    }

    int pass(const scenario& what) {
        int k = 0;
        while (k < steps_max && !::testing::Test::HasFailure() && !completes(what, k)) ++k;
        EXPECT_LT(k, steps_max) << "it does not complete";
        return k;
    }

    std::string missing(const std::set<std::string>& expected) const {
        std::string text;
        for (const std::string& state : expected) {
            if (!hit_.contains(state)) text += (text.empty() ? "" : ", ") + state;
        }
        return text;
    }

    bool completes(const scenario& what, int k) {
        words_.clear();
        rest_.begin();
        const pid_t pid = fork_victim(what, k);
        accompany(pid, what);
        int status = 0;
        waitpid(pid, &status, 0);
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
            << "status " << status;
        if (killed) note_state();
        rest_.settle(pid, words_.ready);
        rest_.check(pid, what.may_leave);
        EXPECT_FALSE(::testing::Test::HasFailure()) << "killed at " << k << ", before " << state();
        return !killed;
    }

    pid_t fork_victim(const scenario& what, int k) {
        const pid_t pid = fork_mortal();
        if (pid != 0) return pid;
        try {
            rest_.watch_victim();
            what.victim(k);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "victim: %s\n", e.what());
            _exit(1);
        }
        _exit(0);
    }

    void accompany(pid_t pid, const scenario& what) {
        EXPECT_TRUE(eventually([&] {
            rest_.pump();
            return words_.ready || state_of(pid) == 'Z';
        }));
        if (what.when_ready) what.when_ready();
        words_.go = true;
        if (what.when_asleep) {
            EXPECT_TRUE(eventually([&] { return state_of(pid) == 'S' || state_of(pid) == 'Z'; }));
            what.when_asleep();
        }
        const bool ended = eventually([&] {
            rest_.pump();
            return state_of(pid) == 'Z';
        });
        EXPECT_TRUE(ended) << "it hangs";
        if (!ended) kill(pid, SIGKILL);
        if (what.before_waking) what.before_waking();
        rest_.wake_sleepers();
        if (what.when_ended) what.when_ended();
    }

    std::string state() const { return words_.state.data(); }

    void note_state() {
        hit_.insert(state());
        state_histogram::instance().count(state());
    }

    Rest rest_;
    last_words& words_ = shared_last_words();
    std::set<std::string> hit_;
};

}  // namespace signet::tests
