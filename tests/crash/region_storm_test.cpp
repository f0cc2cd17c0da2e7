// SPDX-License-Identifier: Apache-2.0
// A storm in a region: processes that hold, wait and notify are killed at random moments, by
// SIGKILL, and others started in their place. After each kill all who survive must get on, and what
// they check holds; in the end every byte and every seat is there. A short one for every run;
// SIGNET_KILLS makes it longer, SIGNET_SEED another one.
#include "region_survivors.hpp"
#include "storm_places.hpp"

#include <csignal>
#include <iostream>
#include <random>

namespace signet::tests {
namespace {

long wanted(const char* name, long otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::atol(text) : otherwise;
}

template <class Place, class... Arguments>
void work_for_ever(std::size_t place, Arguments... arguments) {
    Place here{arguments...};
    for (;;) {
        here.work();
        ++shared_board().done[place];
    }
}

void work_at(std::size_t place) {
    switch (place) {
        case 0: return work_for_ever<storm_producer>(place);
        case 1: return work_for_ever<storm_consumer>(place);
        case 2:
        case 3: return work_for_ever<storm_meeter>(place);
        default: return work_for_ever<storm_keeper>(place, std::uint64_t{place} * 4);
    }
}

pid_t start(std::size_t place) {
    const pid_t pid = fork_mortal();
    if (pid != 0) return pid;
    try {
        work_at(place);
    } catch (const std::exception& e) {
        shared_board().note(e.what());
    }
    _exit(1);
}

class region_storm {
public:
    region_storm() : random_{static_cast<std::uint64_t>(wanted("SIGNET_SEED", 1))} {
        for (std::size_t i = 0; i < storm_places; ++i) pids_[i] = start(i);
    }
    ~region_storm() {
        for (const pid_t pid : pids_) end(pid);
    }
    region_storm(const region_storm&) = delete;
    region_storm& operator=(const region_storm&) = delete;

    void run(long kills) {
        expect_progress();
        for (long i = 0; kills_ < kills && !::testing::Test::HasFailure(); ++i) {
            kill_one();
            if (i % 64 == 63) next_epoch();
        }
    }

    long kills() const noexcept { return kills_; }

    std::uint64_t operations() const {
        std::uint64_t all = 0;
        for (const auto& done : board_.done) all += done;
        return all;
    }

private:
    std::size_t any(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_);
    }

    // Now and then two at once, one of them perhaps at what the other left.
    void kill_one() {
        if (any(2) == 0) expect_progress();
        std::this_thread::sleep_for(std::chrono::microseconds{any(3000)});  // the random moment
        replace(any(storm_places));
        if (any(8) == 0) replace(any(storm_places));
        expect_progress();
    }

    void replace(std::size_t place) {
        EXPECT_EQ(end(pids_[place]), SIGKILL) << "one ended by itself: " << board_.fault.data();
        pids_[place] = start(place);
        ++kills_;
    }

    static int end(pid_t pid) {
        int status = 0;
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

    /// Each of them does something more.
    void expect_progress() {
        std::array<std::uint64_t, storm_places> before;
        std::copy(board_.done.begin(), board_.done.end(), before.begin());
        for (std::size_t i = 0; i < storm_places; ++i) {
            const bool gets_on =
                eventually([&] { return board_.done[i] > before[i] || board_.fault[0] != 0; });
            EXPECT_TRUE(gets_on) << "place " << i << " does not get on";
        }
        EXPECT_STREQ(board_.fault.data(), "");
    }

    void next_epoch() {
        const std::string old = "epoch" + std::to_string(board_.epoch++);
        region::remove(old);
    }

    storm_board& board_ = shared_board();
    std::mt19937_64 random_;
    std::array<pid_t, storm_places> pids_{};
    long kills_ = 0;
};

TEST(RegionStorm, SurvivorsGetOnWhoeverIsKilled) {
    const own_rendezvous place;
    const region in{storm_region, storm_shape};
    {
        region_storm storm;
        storm.run(wanted("SIGNET_KILLS", 300));
        std::cout << storm.kills() << " kills in a region, " << storm.operations()
                  << " operations, " << shared_board().repairs << " repairs after a death, "
                  << shared_board().told << " deaths told at a barrier\n";
    }
    EXPECT_TRUE(eventually([&] { return seats_taken(in) == 1; }));
    expect_all_seats(in);
    expect_all_accounted(in);
}

}  // namespace
}  // namespace signet::tests
