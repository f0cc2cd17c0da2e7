// SPDX-License-Identifier: Apache-2.0
// `signet bench queue`: queues beside those of the kernel and of Boost, batch by batch in turns.
#include "bench_pairs.hpp"
#include "bench_queue_lines.hpp"
#include "bench_sync.hpp"
#include "subcommand.hpp"

#include <bench/limits/tsc_clock.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

namespace signet::command {
namespace {

using limits::tsc_clock;

constexpr std::size_t workers_max = 2;  // producers, and as many consumers
constexpr std::uint64_t batches_max = 4000;
constexpr int polled_each = 2000;
constexpr int slept_each = 1000;

/// What the processes of a round share. Who is written down below writes its own place.
struct queue_stage {
    struct alignas(64) place {
        std::atomic<std::uint64_t> arrived{0};  ///< at so many batches
        std::array<std::uint64_t, batches_max> from{};
        std::array<std::uint64_t, batches_max> to{};
    };
    std::array<place, 2 * workers_max> places;
    alignas(64) std::atomic<std::uint64_t> last{~std::uint64_t{0}};  ///< batch; the first says it
};

/// One process of a round: in turns the rival's batch and ours.
class bench_worker {
public:
    bench_worker(queue_stage& on, std::size_t workers, std::size_t who, queue_waiting how)
        : on_{on}, processes_{2 * workers}, who_{who}, how_{how} {}

    void run(queue_site& rival, queue_site& ours, std::chrono::nanoseconds length) {
        const auto theirs = rival.open(how_);
        const auto own = ours.open(how_);
        const std::uint64_t until = tsc_clock::now() + tsc_clock::instance().ticks(length);
        for (std::uint64_t batch = 0; batch < batches_max; batch += 2) {
            if (who_ == 0 && (tsc_clock::now() > until || batch + 2 >= batches_max)) {
                on_.last.store(batch, std::memory_order_relaxed);  // relaxed: the meeting orders it
            }
            work(*theirs, batch);
            work(*own, batch + 1);
            if (on_.last.load(std::memory_order_relaxed) == batch) return;  // relaxed: likewise
        }
    }

private:
    bool produces() const { return who_ % 2 == 0; }
    int each() const { return how_ == queue_waiting::polling ? polled_each : slept_each; }

    void work(queue_line& over, std::uint64_t batch) {
        meet(batch + 1);
        auto& mine = on_.places[who_];
        queue_message message{};
        mine.from[batch] = tsc_clock::now();
        for (int i = 0; i < each(); ++i) produces() ? over.push(message) : over.pop(message);
        mine.to[batch] = tsc_clock::now();
    }

    void meet(std::uint64_t number) {
        on_.places[who_].arrived.store(number, std::memory_order_release);  // SYNC bench-batch
        for (std::size_t one = 0; one < processes_; ++one) {
            const auto& other = on_.places[one].arrived;
            while (other.load(std::memory_order_acquire) < number) {  // SYNC bench-batch
                give_way();
            }
        }
    }

    /// Two have a cpu each, and are not to lose it to somebody else in front of a batch.
    void give_way() const {
        if (processes_ > 2) return std::this_thread::yield();
        memory::relax_cpu();
    }

    queue_stage& on_;
    std::size_t processes_;
    std::size_t who_;
    queue_waiting how_;
};

/// Millions of messages a second: the median over the batches, each from the first who began to the
/// last who ended.
double millions_per_s(const queue_stage& on, std::size_t workers, std::uint64_t kind, double each) {
    std::vector<double> rates;
    const std::uint64_t last = on.last.load(std::memory_order_relaxed);  // relaxed: all have ended
    for (std::uint64_t batch = 2 + kind; batch <= last + kind; batch += 2) {
        std::uint64_t from = ~std::uint64_t{0};
        std::uint64_t to = 0;
        for (std::size_t who = 0; who < 2 * workers; ++who) {
            from = std::min(from, on.places[who].from[batch]);
            to = std::max(to, on.places[who].to[batch]);
        }
        const double ns = tsc_clock::instance().ns(to - from);
        rates.push_back(each * static_cast<double>(workers) / ns * 1e3);
    }
    return limits::median(std::move(rates));
}

sync_pair queue_round(const queue_rival& rival, queue_waiting how, std::size_t workers,
                      const effort& effort) {
    const auto theirs = rival.make();
    const auto ours = make_signet_site();
    const limits::shared<queue_stage> on;
    const limits::cpu_pair cpus = limits::two_cpus();
    tsc_clock::instance();
    std::vector<limits::role> roles;
    for (std::size_t who = 0; who < 2 * workers; ++who) {
        // a producer and its neighbour's consumer share a cpu
        const bool first = (who % 2 == 0) == (who < 2);
        roles.push_back({first ? cpus.first : cpus.second, [&, who] {
                             bench_worker{*on, workers, who, how}.run(*theirs, *ours,
                                                                      effort.length * 2);
                         }});
    }
    run_measured(std::move(roles));
    const double each = how == queue_waiting::polling ? polled_each : slept_each;
    return {millions_per_s(*on, workers, 0, each), millions_per_s(*on, workers, 1, each)};
}

std::vector<sync_case> queue_cases() {
    std::vector<sync_case> all;
    const bool one_cpu = limits::two_cpus().same();
    for (const queue_rival& rival : queue_rivals()) {
        if (one_cpu) break;  // two that poll would wait for each other's time to be over
        all.push_back({.name = rival.name + "/polling",
                       .rival = rival.called,
                       .unit = "million/s",
                       .wanted = rival.wanted_polling,
                       .more_wins = true,
                       .round = [rival](const effort& how) {
                           return queue_round(rival, queue_waiting::polling, 1, how);
                       }});
    }
    for (const queue_rival& rival : queue_rivals()) {
        all.push_back({.name = rival.name + "/sleeping",
                       .rival = rival.called,
                       .unit = "million/s",
                       .wanted = 1,
                       .more_wins = true,
                       .round = [rival](const effort& how) {
                           return queue_round(rival, queue_waiting::sleeping, workers_max, how);
                       }});
    }
    return all;
}

/// Rounds as all measurements have them: the limit of this one is its rival.
round_result round_of(const sync_case& what, const effort& how) {
    const sync_pair found = what.round(how);
    return {found.rival, {}, found.ours};
}

std::string row_of(const sync_case& what, const measured& found) {
    return fmt::format("{:<18} {:>9.2f} {:<10} {:<24} {:>9.2f} {:>7.2f} x{}\n", what.name,
                       found.middle.msgs_per_s, what.unit, what.rival, found.middle.limit,
                       found.limit_ratio, wanted_text(what));
}

json_value to_json(const sync_case& what, const measured& found) {
    json_value object{{"pattern", "queue"},
                      {"case", what.name},
                      {"payload_bytes", 64},
                      {"unit", what.unit},
                      {"ours", found.middle.msgs_per_s},
                      {"rival", what.rival},
                      {"rivals", found.middle.limit}};
    add_ratio(object, what, found);
    return object;
}

int run_queue(const pair_options& options) {
    return run_pairs(queue_cases(), options, &round_of, &row_of, &to_json);
}

constexpr const char* notes =
    R"(Messages of 64 bytes, through ours and the rival's queue, a batch of one and a batch
of the other in turns, by the same processes. polling: one producer and one consumer on
two cpus, who look again and again. sleeping: two of each, who sleep where they must.
The ratio is ours by the rival's, the median of the rounds. Run it on a quiet machine.

Example:
  signet bench queue --case posix --case boost/polling)";

}  // namespace

void add_bench_queue(command_line bench, action& chosen) {
    auto options = std::make_shared<pair_options>();
    command_line app = bench.add_subcommand("queue", "Queues beside those of others");
    app.add_flag("--json", options->json, "An array with an object for each case");
    app.add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as boost/polling, or this kind");
    app.footer(notes);
    app.callback([options, &chosen] { chosen = [options] { return run_queue(*options); }; });
}

}  // namespace signet::command
