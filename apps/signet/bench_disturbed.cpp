// SPDX-License-Identifier: Apache-2.0
// Two processes that talk while a third one, which hears one of them, is slow, stopped or killed.
#include "bench_crowd.hpp"

#include <bench/limits/tsc_clock.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

namespace signet::command {
namespace {

using namespace std::chrono_literals;

enum class trouble { none, slow, stopped, dead };

constexpr std::uint64_t goodbye = ~std::uint64_t{0};
constexpr int trips_each = 8;  // one in so many is kept: the log lasts for the whole time

/// What the processes of a run tell each other. Nothing is carried by the flags: all relaxed.
struct scene {
    std::atomic<bool> disturbed{false};  // the third one is what it is to be
    std::atomic<bool> over{false};
    limits::sample_log trips_ns;

    static bool is(const std::atomic<bool>& flag) noexcept {
        return flag.load(std::memory_order_relaxed);  // relaxed: as above
    }
    static void set(std::atomic<bool>& flag) noexcept {
        flag.store(true, std::memory_order_relaxed);  // relaxed: as above
    }
};

struct ends {
    ends(const std::string& directory, const char* mouth, const char* ear)
        : here{{.directory = directory}},
          out{here, mouth, {.waiting = wait_mode::poll}},
          in{here, ear, {.waiting = wait_mode::poll}} {}

    void say(std::uint64_t number) { out.publish(crowd_message{{number}}); }
    std::uint64_t hear() { return in.receive()->words[0]; }

    context here;
    publisher<crowd_message> out;
    subscriber<crowd_message> in;
};

void ask(ends& two, std::uint64_t number) {
    two.say(number);
    if (two.hear() != number) throw std::runtime_error{"a message was lost"};
}

void measure_trips(ends& two, std::uint64_t number, std::uint64_t length_ticks,
                   limits::sample_log& log) {
    const auto& clock = limits::tsc_clock::instance();
    const std::uint64_t start = clock.now();
    for (std::uint64_t from = start; from - start < length_ticks && !log.full();) {
        for (int i = 1; i < trips_each; ++i) ask(two, number++);
        from = clock.now();
        ask(two, number++);
        log.add(clock.ns(clock.now() - from));
    }
}

void ask_all(const std::string& directory, trouble third, const effort& how, scene& all) {
    ends two{directory, "bench/ask", "bench/answer"};
    two.out.wait_for_subscribers(third == trouble::none ? 1 : 2);
    std::uint64_t number = 0;
    for (int i = 0; i < how.warm_up; ++i) ask(two, number++);
    while (third != trouble::none && !scene::is(all.disturbed)) ask(two, number++);
    measure_trips(two, number, limits::tsc_clock::instance().ticks(how.length), all.trips_ns);
    two.say(goodbye);
    scene::set(all.over);
}

void answer_all(const std::string& directory) {
    ends two{directory, "bench/answer", "bench/ask"};
    two.out.wait_for_subscribers(1);
    std::uint64_t number;
    while ((number = two.hear()) != goodbye) two.say(number);
}

/// Hears what is asked, holds a few samples and takes its time, or stops; somebody kills it.
[[noreturn]] void disturb(const std::string& directory, trouble how, scene& all) {
    const context here{{.directory = directory}};
    subscriber<crowd_message> in{here, "bench/ask", {.waiting = wait_mode::sleep}};
    std::deque<sample<crowd_message>> held;
    for (;;) {
        held.push_back(in.receive());
        if (held.size() > 4) held.pop_front();
        if (how == trouble::stopped) raise(SIGSTOP);
        scene::set(all.disturbed);
        std::this_thread::sleep_for(1ms);
    }
}

void end_process(int pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

/// Makes the third process, and ends it: half-way where it is to die, else when all is over.
void keep_disturber(const std::string& directory, trouble third, const effort& how, scene& all) {
    const int pid = fork();
    if (pid < 0) throw std::runtime_error{"a process could not be made"};
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        disturb(directory, third, all);
    }
    if (third == trouble::stopped) {
        waitpid(pid, nullptr, WUNTRACED);
        scene::set(all.disturbed);
    }
    while (!scene::is(all.disturbed)) std::this_thread::sleep_for(2ms);
    if (third == trouble::dead) {
        std::this_thread::sleep_for(how.length / 2);
        return end_process(pid);
    }
    while (!scene::is(all.over)) std::this_thread::sleep_for(2ms);
    end_process(pid);
}

double trip_p99_ns(trouble third, const effort& how) {
    const private_directory place;
    const limits::shared<scene> all;
    const limits::cpu_pair cpus = limits::two_cpus();
    limits::tsc_clock::instance();  // calibrated before the fork
    std::vector<limits::role> roles{
        {cpus.first, [&] { ask_all(place.path(), third, how, *all); }},
        {cpus.second, [&] { answer_all(place.path()); }},
    };
    if (third != trouble::none) {
        roles.push_back({third_cpu(), [&] { keep_disturber(place.path(), third, how, *all); }});
    }
    run_measured(std::move(roles));
    return limits::percentiles_of(all->trips_ns.values()).p99;
}

crowd_case disturbed_case(const char* name, trouble third) {
    return {.name = name, .unit = "ns p99 round trip", .round = [third](const effort& how) {
                const double without = trip_p99_ns(trouble::none, how);
                return crowd_pair{without, trip_p99_ns(third, how)};
            }};
}

}  // namespace

std::vector<crowd_case> disturbed_cases() {
    return {disturbed_case("disturbed/slow", trouble::slow),
            disturbed_case("disturbed/stopped", trouble::stopped),
            disturbed_case("disturbed/dead", trouble::dead)};
}

}  // namespace signet::command
