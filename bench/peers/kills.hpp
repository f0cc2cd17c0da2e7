// SPDX-License-Identifier: Apache-2.0
// What becomes of something shared when a process that uses it is killed: two processes are at it,
// in turns or one against the other, one of them is killed at a random moment and started again,
// and both must get on. Where one of the two does nothing more for as long as the patience lasts,
// or gives up with an exception, what they shared was left unusable. Everything is made anew for
// the next kill. For one thread.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace peers {

/// One thing to share. `use` is called over and over, in a process of its own for each of the two
/// sides; what it returns does one operation.
struct shared_thing {
    const char* name;
    std::function<void()> make;
    std::function<std::function<void()>(int side)> use;
    std::function<void()> remove;
};

/// Kills as often as it is told.
class killing {
public:
    killing(const shared_thing& what, unsigned seed) : what_{what}, random_{seed} {
        done();  // shared with all that are forked from here on
    }

    /// How many kills left it unusable.
    int run(int kills) {
        int unusable = 0;
        for (int i = 0; i < kills; ++i) unusable += kill_leaves_unusable();
        return unusable;
    }

private:
    static constexpr std::chrono::milliseconds patience{500};
    static constexpr std::chrono::milliseconds patience_at_first{10'000};

    using counters = std::array<std::atomic<std::uint64_t>, 2>;

    static counters& done() {
        static void* const page = mmap(nullptr, sizeof(counters), PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return *static_cast<counters*>(page);
    }

    bool kill_leaves_unusable() {
        what_.remove();
        what_.make();
        std::array<pid_t, 2> sides{start(0), start(1)};
        if (!both_get_on(patience_at_first)) {
            throw std::runtime_error{"they do not get on before any kill either"};
        }
        const auto victim = static_cast<std::size_t>(random_() % 2);
        std::this_thread::sleep_for(std::chrono::microseconds{random_() % 2000});
        end(sides[victim]);
        sides[victim] = start(static_cast<int>(victim));
        const bool usable = both_get_on(patience);
        for (const pid_t side : sides) end(side);
        what_.remove();
        return !usable;
    }

    pid_t start(int side) {
        const pid_t pid = fork();
        if (pid != 0) return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        try {
            const std::function<void()> work = what_.use(side);
            for (;;) {
                work();
                ++done()[static_cast<std::size_t>(side)];
            }
        } catch (const std::exception&) {
            _exit(1);
        }
    }

    static void end(pid_t pid) {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }

    static bool both_get_on(std::chrono::milliseconds limit) {
        const std::uint64_t before[]{done()[0], done()[1]};
        const auto end = std::chrono::steady_clock::now() + limit;
        while (std::chrono::steady_clock::now() < end) {
            if (done()[0] > before[0] + 1 && done()[1] > before[1] + 1) return true;
            std::this_thread::sleep_for(std::chrono::microseconds{200});
        }
        return false;
    }

    const shared_thing& what_;
    std::mt19937 random_;
};

/// The program: `--kills N`, and a line for each thing.
inline int run_kills(int count, char** words, const char* who,
                     const std::vector<shared_thing>& things) try {
    const bool told = count == 3 && std::string{words[1]} == "--kills";
    const int kills = told ? std::atoi(words[2]) : 200;
    for (const shared_thing& thing : things) {
        const int unusable = killing{thing, 1}.run(kills);
        std::printf("| %s | %s | %d | %d |\n", who, thing.name, kills, unusable);
        std::fflush(stdout);
    }
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", who, e.what());
    return 1;
}

}  // namespace peers
