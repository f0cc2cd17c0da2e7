// SPDX-License-Identifier: Apache-2.0
// Each of what processes coordinate by, in a few lines. docs/sync.md tells what each one promises.
#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/structure.hpp>
#include <signet/sync.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <string>

using namespace std::chrono_literals;

struct stock {
    int apples;
    int pears;
};

void show_mutex(const signet::region& shop) {
    signet::structure<stock> shelf{shop, "shelf"};
    signet::mutex till{shop, "till", {.repair = [&] { *shelf = {}; }}};
    const std::scoped_lock mine{till};
    shelf->apples += 1;
    shelf->pears -= 1;
    std::printf("mutex: %d apple\n", shelf->apples);
}

void show_inherited(const signet::region& shop) {
    signet::mutex till{shop, "till"};
    if (till.lock_inherited()) {
        // its last holder died with it: look at what it guards, and put it right
        till.mark_consistent();
    }
    till.unlock();
    std::printf("lock_inherited: unlocked\n");
}

void show_recursive_mutex(const signet::region& shop) {
    signet::recursive_mutex till{shop, "counted till"};
    const std::scoped_lock once{till};
    const std::scoped_lock again{till};
    std::printf("recursive_mutex: locked twice\n");
}

void show_spin_lock(const signet::region& shop) {
    signet::spin_lock counter{shop, "counter"};
    const std::scoped_lock mine{counter};
    std::printf("spin_lock: locked\n");
}

void show_shared_mutex(const signet::region& shop) {
    signet::shared_mutex prices{shop, "prices"};
    {
        const std::shared_lock beside_others{prices};
        std::printf("shared_mutex: reads\n");
    }
    const std::scoped_lock alone{prices};
    std::printf("shared_mutex: writes\n");
}

void show_condition_variable(const signet::region& shop) {
    signet::structure<stock> shelf{shop, "shelf"};
    signet::mutex till{shop, "till", {.repair = [&] { *shelf = {}; }}};
    signet::condition_variable delivered{shop, "delivered"};
    {
        const std::scoped_lock mine{till};
        shelf->apples = 5;
    }
    delivered.notify_one();
    std::unique_lock mine{till};
    delivered.wait(mine, [&] { return shelf->apples >= 5; });
    std::printf("condition_variable: %d apples\n", shelf->apples);
}

void show_semaphore(const signet::region& shop) {
    signet::semaphore tables{shop, "tables", 2};
    tables.acquire();
    std::printf("semaphore: %u left\n", tables.permits());
    tables.release();
}

void show_permit_pool(const signet::region& shop) {
    signet::permit_pool machines{shop, "machines", 3};
    if (fork() == 0) {
        const signet::region same{"example/primitives"};
        signet::permit_pool{same, "machines", 3}.acquire();
        _exit(0);  // without giving it back
    }
    wait(nullptr);
    for (int i = 0; i < 3; ++i) machines.acquire();
    std::printf("permit_pool: all 3 are ours\n");
}

void show_barrier(const signet::region& shop) {
    if (fork() == 0) {
        const signet::region same{"example/primitives"};
        signet::barrier{same, "step", 2}.arrive_and_wait();
        _exit(0);
    }
    signet::barrier step{shop, "step", 2};
    step.arrive_and_wait();
    std::printf("barrier: round %u is over\n", step.round());
    wait(nullptr);
}

void show_latch(const signet::region& shop) {
    signet::latch ready{shop, "ready", 1};
    ready.count_down();
    ready.wait();
    std::printf("latch: all are ready\n");
}

void show_event(const signet::region& shop) {
    signet::event open{shop, "open"};
    if (!open.wait_for(1ms)) std::printf("event: not yet\n");
    open.set();
    open.wait();
    std::printf("event: set\n");
    open.reset();
}

void show_once_flag(const signet::region& shop) {
    signet::once_flag prepared{shop, "prepared"};
    prepared.call([] { std::printf("once_flag: prepares\n"); });
    prepared.call([] { std::printf("once_flag: never\n"); });
}

void show_file_lock(const std::string& path) {
    signet::file_lock only{path};
    const std::scoped_lock mine{only};
    std::printf("file_lock: nobody else runs\n");
}

void show_shared(const signet::region& shop) {
    signet::shared<stock> storage{shop, "storage"};
    storage.with([](stock& all) { all.apples += 10; });
    const stock now = storage.wait([](const stock& all) { return all.apples >= 10; });
    std::printf("shared: %d apples, %d now\n", now.apples, storage.read().apples);
}

void show_structure(const signet::region& shop) {
    const signet::structure<std::array<double, 1000>> samples{shop, "samples"};
    (*samples)[999] = 0.5;  // in place: the others see it there, nothing is copied
    const auto bytes = shop.account();
    const bool all = bytes.table_bytes + bytes.used_bytes + bytes.free_bytes == bytes.bytes;
    std::printf("structure: %g; %s\n", (*samples)[999], all ? "each byte has its place" : "?");
}

int main() try {
    signet::region::remove("example/primitives");  // what an earlier run left
    const signet::region shop{"example/primitives"};
    for (auto* const show :
         {show_mutex, show_inherited, show_recursive_mutex, show_spin_lock, show_shared_mutex,
          show_condition_variable, show_semaphore, show_permit_pool, show_barrier, show_latch,
          show_event, show_once_flag, show_shared, show_structure}) {
        show(shop);
        std::fflush(stdout);
    }
    const std::string file = "/tmp/signet-example-" + std::to_string(getpid());
    show_file_lock(file);
    unlink(file.c_str());
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "primitives: %s\n", problem.what());
    return 1;
}
