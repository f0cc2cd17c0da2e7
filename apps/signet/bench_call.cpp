// SPDX-License-Identifier: Apache-2.0
// `signet bench call`: what calling a function in another process costs, beside a message there and
// back.
#include "bench_channel.hpp"
#include "subcommand.hpp"

#include <bench/limits/ping.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <signet/os/limits.hpp>
#include <signet/os/random.hpp>
#include <signet/service.hpp>

#include <fmt/core.h>

#include <sched.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace signet::command {
namespace {

using limits::tsc_clock;

constexpr std::size_t text_bytes = 1024;
constexpr int calls_each = 64;              // one at a time, between two looks at the clock
constexpr int calls_begun = 128;            // together, before the first answer is waited for
constexpr std::size_t idle_usually = 1000;  // clients that are connected and do nothing

/// What the two processes share.
struct stage {
    std::atomic<bool> there{false};  ///< written by who serves
    limits::sample_log ns;           ///< of a call; written by who calls
};

/// An address of its own, and how both ends wait there.
class call_place {
public:
    explicit call_place(const std::string& scheme)
        : waiting_{scheme == "shm" ? life::wait_mode::poll : life::wait_mode::eager},
          cpus_{scheme == "shm" ? limits::two_cpus() : limits::one_cpu()},
          address_{scheme == "shm" ? fmt::format("shm://bench/call-{:016x}", os::random_u64())
                                   : "unix://" + own_.path() + "/calls"} {}

    void serve(stage& on) const {
        server here{address_, {.waiting = waiting_}};
        here.handle("increment", [](int number) { return number + 1; });
        here.handle("echo", [](std::string_view text) { return std::string{text}; });
        here.handle("end", [&here] { here.stop(); });
        on.there.store(true, std::memory_order_release);  // SYNC bench-call-there
        here.serve();
    }

    client connect(const stage& on) const {
        while (!on.there.load(std::memory_order_acquire)) sched_yield();  // SYNC bench-call-there
        return client{address_, {.waiting = waiting_}};
    }

    limits::cpu_pair cpus() const { return cpus_; }

private:
    private_directory own_;
    life::wait_mode waiting_;
    limits::cpu_pair cpus_;
    std::string address_;
};

/// Clients that make no calls.
std::deque<client> idle_ones(const call_place& place, const stage& on, std::size_t count) {
    if (count != 0) os::raise_descriptor_limit();
    std::deque<client> all;
    while (all.size() < count) all.push_back(place.connect(on));
    return all;
}

/// Nanoseconds of a call, where `batch` makes `count` of them, beside clients that make none.
template <class Batch>
double measure_calls(const std::string& scheme, const effort& how, int count, Batch batch,
                     std::size_t idle = 0) {
    const call_place place{scheme};
    const limits::shared<stage> on;
    tsc_clock::instance();
    const auto lead = [&] {
        client there = place.connect(*on);
        const auto others = idle_ones(place, *on, idle);
        batch(there);
        const std::uint64_t begin = tsc_clock::now();
        const std::uint64_t ticks = tsc_clock::instance().ticks(how.length);
        while (tsc_clock::now() - begin < ticks && !on->ns.full()) {
            const std::uint64_t from = tsc_clock::now();
            batch(there);
            on->ns.add(tsc_clock::instance().ns(tsc_clock::now() - from) / count);
        }
        there.call("end");
    };
    run_measured({{place.cpus().first, lead}, {place.cpus().second, [&] { place.serve(*on); }}});
    return limits::median(on->ns.values());
}

double increment_ns(const std::string& scheme, const effort& how, std::size_t idle = 0) {
    const auto calls = [](client& there) {
        for (int i = 0; i < calls_each; ++i) there.call<int>("increment", i);
    };
    return measure_calls(scheme, how, calls_each, calls, idle);
}

double echo_ns(const std::string& scheme, const effort& how) {
    return measure_calls(scheme, how, calls_each,
                         [text = std::string(text_bytes, 'x')](client& there) {
                             for (int i = 0; i < calls_each; ++i) {
                                 there.call<std::string>("echo", text);
                             }
                         });
}

double pipelined_ns(const std::string& scheme, const effort& how) {
    return measure_calls(scheme, how, calls_begun, [](client& there) {
        batch together{there};
        std::vector<async_result<int>> begun;
        begun.reserve(calls_begun);
        for (int i = 0; i < calls_begun; ++i) {
            begun.push_back(together.call<int>("increment", i));
        }
        together.send();
        for (auto& one : begun) one.get();
    });
}

std::vector<channel_case> call_cases(std::size_t idle) {
    std::vector<channel_case> all;
    const auto add = [&all](const char* name, const char* rival, double wanted, auto round) {
        all.push_back({.name = name,
                       .carrier = std::string{name}.substr(0, std::string_view{name}.find('/')),
                       .rival = rival,
                       .unit = "ns",
                       .wanted = wanted,
                       .round = round});
    };
    if (!limits::two_cpus().same()) {
        add("shm/call", "64 bytes over a channel", 2, [](const effort& how) -> channel_pair {
            return {polled_trip_ns(how), increment_ns("shm", how)};
        });
        add("shm/idle", "the only client", 1.15, [idle](const effort& how) -> channel_pair {
            return {increment_ns("shm", how), increment_ns("shm", how, idle)};
        });
    }
    add("unix/call", "raw unix stream", 1.3, [](const effort& how) -> channel_pair {
        return {raw_trip_ns("unix", how), increment_ns("unix", how)};
    });
    add("unix/text", "raw unix stream", 1.5, [](const effort& how) -> channel_pair {
        return {raw_trip_ns("unix", how), echo_ns("unix", how)};
    });
    add("unix/pipelined", "one call at a time", 0.1, [](const effort& how) -> channel_pair {
        return {increment_ns("unix", how), pipelined_ns("unix", how)};
    });
    add("unix/idle", "the only client", 1.1, [idle](const effort& how) -> channel_pair {
        return {increment_ns("unix", how), increment_ns("unix", how, idle)};
    });
    return all;
}

constexpr const char* notes =
    R"(A call takes a number and returns one; text is 1 KiB there and back. In shared memory both
ends poll, on two cpus; over unix sockets both are on one. Beside it stands, in the same
round, a message there and back: over a channel, or by bare system calls. Pipelined calls
are a batch of 128; idle is a call to a server that many others are connected to, who say
nothing. Run it on a quiet machine.

Example:
  signet bench call --case unix/call)";

}  // namespace

void add_bench_call(command_line bench, action& chosen) {
    auto options = std::make_shared<pair_options>();
    command_line app = bench.add_subcommand("call", "Calls beside messages there and back");
    app.add_flag("--json", options->json, "An array with an object for each case");
    app.add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as unix/call, or this kind");
    auto idle = std::make_shared<std::size_t>(idle_usually);
    app.add_option("--idle", *idle, "So many idle clients in the cases of that name (1000)");
    app.footer(notes);
    app.callback([options, idle, &chosen] {
        chosen = [options, idle] { return run_beside(call_cases(*idle), "call", *options); };
    });
}

}  // namespace signet::command
