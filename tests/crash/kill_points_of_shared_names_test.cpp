// SPDX-License-Identifier: Apache-2.0
// One of those who share a name is killed before each step, an access to shared memory or a system
// call, of coming, of leaving, and of taking the path from one who died. The others are reached as
// before: by the name at once, and by the path alone as soon as its next owner has taken it.
#include "../conformance/channel_carriers.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/shared_page.hpp>
#include <signet/transport/unix/unix_name.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <array>
#include <functional>
#include <iostream>
#include <iterator>
#include <list>
#include <memory>
#include <optional>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::forked_peer;
using transport::carrier;

constexpr unsigned hang_seconds = 60;
constexpr int steps_max = 2000;
constexpr channel_options sharing{.name = name_use::shared};

void arm(int k) {
    watch_steps({});
    die_before_step(k);
}

class KillPointsOfSharedNames : public ::testing::TestWithParam<const carrier*> {
protected:
    using peer = std::unique_ptr<forked_peer>;

    bool has_path() const { return GetParam()->facts().scheme == "unix"; }

    raw_listener listen() const { return raw_listener{where_, sharing}; }

    /// One that accepts until it is killed. It listens, and is younger than those who are there.
    peer start() const {
        shared_last_words().clear();
        auto started = std::make_unique<forked_peer>([this] {
            raw_listener door = listen();
            shared_last_words().ready = true;
            while (auto line = door.accept()) continue;
            return 0;
        });
        EXPECT_TRUE(eventually([] { return shared_last_words().ready.load(); }));
        return started;
    }

    /// One that listens, waits for `go`, and does what it is to be killed at.
    pid_t start_victim(int k, const std::function<void(std::optional<raw_listener>&)>& does) const {
        shared_last_words().clear();
        const pid_t pid = fork_mortal();
        if (pid != 0) {
            EXPECT_TRUE(eventually([] { return shared_last_words().ready.load(); }));
            return pid;
        }
        alarm(hang_seconds);
        std::optional<raw_listener> door = listen();
        await_go();
        arm(k);
        does(door);
        _exit(0);
    }

    static bool has_ended(pid_t pid) {
        siginfo_t end{};
        waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOHANG | WNOWAIT);
        return end.si_pid != 0;
    }

    /// Whether it was killed, and did not come to its end.
    static bool was_killed(pid_t pid) {
        int status = 0;
        waitpid(pid, &status, 0);
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        EXPECT_TRUE(killed || status == 0) << "the victim failed with status " << status;
        return killed;
    }

    /// `dies(k)` for each k, until the victim lives to its end.
    void sweep(const std::function<bool(int)>& dies) {
        int k = 0;
        while (k < steps_max && !HasFailure() && dies(k)) ++k;
        EXPECT_LT(k, steps_max) << "it does not complete";
        EXPECT_GT(k, 10) << "it does nothing";
        std::cout << k << " points in " << GetParam()->facts().scheme << '\n';
    }

    /// In a process of its own: this one has no threads.
    bool is_reached_by_name() const {
        return testing::exit_code_of_forked([this] { return raw_channel{where_}, 0; }) == 0;
    }

    /// As one who knows nothing of Signet reaches it: there is a greeting from one who lives.
    bool is_reached_by_path() const {
        const transport::unix_socket::unix_name path{where_.substr(where_.find(':') + 3)};
        try {
            auto socket = path.connect(after(testing::watchdog));
            std::array<std::byte, 1> first{};
            return socket.read_some(first, after(testing::watchdog)).bytes == 1;
        } catch (const error&) {
            return false;
        }
    }

    void expect_reached(int k) const {
        const std::string when = "after a death before step " + std::to_string(k) + ", " +
                                 shared_last_words().state.data();
        EXPECT_TRUE(is_reached_by_name()) << when;
        if (has_path()) {
            EXPECT_TRUE(eventually([this] { return is_reached_by_path(); })) << when;
        }
    }

    address_book book_{GetParam()->facts()};
    const std::string where_ = book_.address();
};

TEST_P(KillPointsOfSharedNames, WhileAnotherComesAndLeaves) {
    const peer older = start();
    sweep([&](int k) {
        const pid_t victim = fork_mortal();
        if (victim == 0) {
            alarm(hang_seconds);
            arm(k);
            listen();
            _exit(0);
        }
        while (has_path() && !has_ended(victim)) {
            EXPECT_TRUE(is_reached_by_path());  // at no time is it anybody else's
        }
        const bool killed = was_killed(victim);
        expect_reached(k);
        return killed;
    });
}

TEST_P(KillPointsOfSharedNames, WhileTheOldestLeaves) {
    sweep([&](int k) {
        const pid_t victim = start_victim(k, [](auto& door) { door.reset(); });
        const peer younger = start();
        shared_last_words().go = true;
        const bool killed = was_killed(victim);
        expect_reached(k);
        return killed;
    });
}

TEST_P(KillPointsOfSharedNames, WhileOneTakesThePathOfTheDead) {
    if (!has_path()) return;
    sweep([&](int k) {
        const peer oldest = start();
        const pid_t victim = start_victim(k, [](auto& door) { door->try_accept(); });
        const peer youngest = start();
        oldest->kill();
        shared_last_words().go = true;
        const bool killed = was_killed(victim);
        expect_reached(k);
        return killed;
    });
}

/// One that accepts until it is killed or told to leave; it may not listen yet.
class passer_by {
public:
    passer_by(const std::string& where, std::atomic<int>& listening)
        : process_{[this, &where, &listening] {
              raw_listener door{where, sharing};
              ++listening;
              while (!*leaves_) door.accept_for(1ms);
              return 0;
          }} {}

    void kill() { process_.kill(); }
    void leave() { *leaves_ = true; }

    /// Whether it ended well.
    bool has_left() { return process_.exit_code() == 0; }

private:
    testing::shared_page<std::atomic<bool>> leaves_;
    forked_peer process_;
};

TEST_P(KillPointsOfSharedNames, WhileManyComeAndGoAtOnce) {
    const testing::shared_page<std::atomic<int>> listening;
    std::list<passer_by> all;
    for (int round = 1; round <= 40 && !HasFailure(); ++round) {
        for (int i = 0; i < 3; ++i) all.emplace_back(where_, *listening);
        if (round > 1) {
            all.front().leave();
            std::next(all.begin())->kill();
            EXPECT_TRUE(all.front().has_left());
            all.erase(all.begin(), std::next(all.begin(), 2));
        }
        EXPECT_TRUE(eventually([&] { return *listening == 3 * round; }));
        all.pop_front();  // killed
        expect_reached(round);
    }
}

std::vector<const carrier*> those_with_names() {
    auto all = carriers_with_listeners();
    std::erase_if(all, [](const carrier* one) {
        return !one->facts().shares_names || one->facts().crosses_machines;
    });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, KillPointsOfSharedNames, ::testing::ValuesIn(those_with_names()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
