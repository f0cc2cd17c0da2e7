// SPDX-License-Identifier: Apache-2.0
// Five philosophers, each a process, and a fork between any two. Now and then one of them is
// killed, with forks in its hands or not, and another one takes its place. The others go on.
#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <random>
#include <string>

constexpr std::size_t seats = 5;
constexpr int kills = 20;

struct meals {
    std::uint32_t eaten[seats];
    std::uint32_t forks_in_two_hands;
};

/// In whose hand each fork is; 0: on the table.
using hands = std::array<std::size_t, seats>;

class dining_table {
public:
    dining_table()
        : room_{"example/philosophers"},
          forks_{room_, "forks"},
          meals_{room_, "meals"},
          close_{room_, "close"} {}

    signet::mutex fork(std::size_t number) {
        return {room_, "fork " + std::to_string(number), {.repair = [this, number] {
                    (*forks_)[number] = 0;
                }}};
    }

    void eat(std::size_t who) {
        const std::array mine{who, (who + 1) % seats};
        const bool taken =
            std::any_of(mine.begin(), mine.end(), [&](auto i) { return (*forks_)[i] != 0; });
        for (const std::size_t i : mine) (*forks_)[i] = who + 1;
        meals_.with([&](meals& all) {
            all.eaten[who] += 1;
            all.forks_in_two_hands += taken ? 1 : 0;
        });
        for (const std::size_t i : mine) (*forks_)[i] = 0;
    }

    signet::shared<meals>& counted() { return meals_; }
    signet::event& closing() { return close_; }

private:
    signet::region room_;
    signet::structure<hands> forks_;
    signet::shared<meals> meals_;
    signet::event close_;
};

void philosopher(std::size_t who) {
    dining_table here;
    // All take the fork with the lower number first: nobody waits for the other in a circle.
    signet::mutex first = here.fork(std::min(who, (who + 1) % seats));
    signet::mutex second = here.fork(std::max(who, (who + 1) % seats));
    while (!here.closing().is_set()) {
        const std::lock_guard one{first};
        const std::lock_guard other{second};
        here.eat(who);
    }
}

pid_t seat(std::size_t who) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    philosopher(who);
    _exit(0);
}

/// Waits until each one has eaten once more.
meals wait_for_all(dining_table& at) {
    const meals before = at.counted().read();
    return at.counted().wait([&](const meals& now) {
        return std::equal(now.eaten, now.eaten + seats, before.eaten, std::greater{});
    });
}

int main() try {
    signet::region::remove("example/philosophers");  // what an earlier run left
    std::array<pid_t, seats> at_table;
    for (std::size_t who = 0; who < seats; ++who) at_table[who] = seat(who);
    std::mt19937 random{std::random_device{}()};
    dining_table here;
    for (int i = 0; i < kills; ++i) {
        wait_for_all(here);
        const std::size_t who = random() % seats;
        kill(at_table[who], SIGKILL);
        waitpid(at_table[who], nullptr, 0);
        at_table[who] = seat(who);
    }
    const meals all = wait_for_all(here);
    here.closing().set();
    while (wait(nullptr) > 0) {
    }
    std::printf("%d were killed, and each time all went on eating\n", kills);
    std::printf("forks in two hands: %u\n", all.forks_in_two_hands);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "philosophers: %s\n", problem.what());
    return 1;
}
