// SPDX-License-Identifier: Apache-2.0
// Two writers move money between accounts, and four readers count it: as many as want read at the
// same time, and none of them sees money on its way.
#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <mutex>
#include <numeric>
#include <shared_mutex>

using accounts = std::array<std::int64_t, 4>;

constexpr std::int64_t money = 1000;

struct report {
    std::int64_t counted;
    std::int64_t wrong;
};

std::int64_t sum_of(const accounts& all) {
    return std::accumulate(all.begin(), all.end(), std::int64_t{0});
}

// What a writer that died has left: the first account makes it good.
void balance(accounts& all) {
    all[0] += money - sum_of(all);
}

void write(std::size_t from) {
    const signet::region bank{"example/bank"};
    const signet::structure<accounts> book{bank, "book"};
    signet::shared_mutex guard{bank, "guard", {.repair = [&] { balance(*book); }}};
    for (std::size_t i = 0; i < 500; ++i) {
        const std::scoped_lock alone{guard};
        (*book)[(from + i) % 4] -= 1;
        (*book)[(from + i + 1) % 4] += 1;
    }
}

void read() {
    const signet::region bank{"example/bank"};
    const signet::structure<accounts> book{bank, "book"};
    signet::shared_mutex guard{bank, "guard", {.repair = [&] { balance(*book); }}};
    signet::shared<report> found{bank, "report"};
    for (int i = 0; i < 500; ++i) {
        std::shared_lock beside_others{guard};
        const std::int64_t sum = sum_of(*book);
        beside_others.unlock();
        found.with([&](report& now) {
            now.counted += 1;
            now.wrong += sum == money ? 0 : 1;
        });
    }
}

int main() try {
    signet::region::remove("example/bank");  // what an earlier run left
    {
        const signet::region bank = signet::region::create("example/bank");
        balance(*signet::structure<accounts>{bank, "book"});
    }
    for (std::size_t i = 0; i < 6; ++i) {
        if (fork() != 0) continue;
        i < 2 ? write(i) : read();
        _exit(0);
    }
    while (wait(nullptr) > 0) {
    }
    const signet::region bank{"example/bank"};
    const report found = signet::shared<report>{bank, "report"}.read();
    std::printf("counted %lld times, wrong %lld times\n", static_cast<long long>(found.counted),
                static_cast<long long>(found.wrong));
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "readers_writers: %s\n", problem.what());
    return 1;
}
