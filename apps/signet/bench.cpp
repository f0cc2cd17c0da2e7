// SPDX-License-Identifier: Apache-2.0
// `signet bench`: the limits of this machine, and what Signet does beside them in the same run.
#include "bench_topic.hpp"
#include "case_choice.hpp"
#include "interruption.hpp"
#include "json_value.hpp"
#include "subcommand.hpp"
#include "terminal.hpp"

#include <bench/limits/limits.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <memory>

namespace signet::command {
namespace {

struct limits_options {
    bool json = false;
    double scale = 1;
};

int run_limits(const limits_options& options) {
    const limits::report found = limits::measure(options.scale);
    if (options.json) {
        write_output(limits::to_json(found) + '\n');
        return 0;
    }
    const auto line = [](const char* name, double value, const char* unit) {
        write_output(fmt::format("{:<24}{:>12.1f} {}\n", name, value, unit));
    };
    line("cache line round trip", found.cacheline_rtt_ns, "ns");
    line("futex round trip", found.futex_rtt_ns, "ns");
    line("  on one core", found.futex_rtt_one_core_ns, "ns");
    line("copy", found.copy_gb_per_s, "GB/s");
    line("bare ring, 64 bytes", found.ring_msgs_per_s / 1e6, "million messages/s");
    line("cores", static_cast<double>(found.cores), "");
    return 0;
}

struct topic_options {
    bool json = false;
    bool quick = false;
    std::vector<std::string> cases;
};

const char* kind_name(bench_kind kind) {
    switch (kind) {
        case bench_kind::round_trip: return "round_trip";
        case bench_kind::stream: return "stream";
        case bench_kind::fan_out: break;
    }
    return "fan_out";
}

double gb_per_s(const bench_case& what, const round_result& numbers) {
    return numbers.msgs_per_s * static_cast<double>(what.payload_bytes) / 1e9;
}

json_value to_json(const bench_case& what, const measured& found) {
    const round_result& middle = found.middle;
    const bool trips = what.kind == bench_kind::round_trip;
    json_value object{{"pattern", "topic"},
                      {"carrier", "shm"},
                      {"case", what.name},
                      {"kind", kind_name(what.kind)},
                      {"payload_bytes", what.payload_bytes},
                      {"wait", what.wait},
                      {"subscribers", what.subscribers},
                      {"cores", what.cores},
                      {"rtt_ns", nullptr},
                      {"msgs_per_s", trips ? 1e9 / middle.rtt_ns.p50 : middle.msgs_per_s},
                      {"gb_per_s", nullptr},
                      {"limit", what.limit_name},
                      {"limit_ratio", found.limit_ratio}};
    if (trips) {
        const auto& rtt = middle.rtt_ns;
        object["rtt_ns"] = {{"p50", rtt.p50}, {"p99", rtt.p99}, {"p999", rtt.p999}};
    } else {
        object["gb_per_s"] = gb_per_s(what, middle);
    }
    object["limits"] = {{what.limit_name, middle.limit},
                        {"cacheline_rtt_before_ns", found.ping_before_ns},
                        {"cacheline_rtt_after_ns", found.ping_after_ns},
                        {"repeats", found.repeats}};
    return object;
}

std::string row_of(const bench_case& what, const measured& found) {
    const round_result& middle = found.middle;
    std::string speed;
    if (what.kind == bench_kind::round_trip) {
        speed = fmt::format("{:>9.0f} ns  (99 %: {:.0f}, 99.9 %: {:.0f})", middle.rtt_ns.p50,
                            middle.rtt_ns.p99, middle.rtt_ns.p999);
    } else {
        speed = fmt::format("{:>9.2f} million/s  {:.2f} GB/s", middle.msgs_per_s / 1e6,
                            gb_per_s(what, middle));
    }
    const double shown = what.limit_name == "ring_msgs_per_s" ? middle.limit / 1e6 : middle.limit;
    return fmt::format("{:<22} {:<6} {:<42} {:>6.2f} x  {} {:.1f}{}\n", what.name, what.wait, speed,
                       found.limit_ratio, what.limit_name, shown,
                       what.limit_name == "ring_msgs_per_s" ? " million" : "");
}

void show_progress(const bench_case& what) {
    if (errors_on_terminal()) fmt::print(stderr, "\r\033[Kmeasuring {} ...\r", what.name);
}

int run_topic(const topic_options& options) {
    const interruption interrupted;
    const effort how = options.quick ? quick_effort() : full_effort();
    auto list = json_value::array();
    for (const bench_case& what : chosen_of(topic_cases(), options.cases)) {
        show_progress(what);
        const auto found = measure_rounds(
            how, interrupted, [&] { return what.round(how); },
            [&](const round_result& one) { return what.ratio_of(one); });
        if (!found) return interrupted.exit_status();
        list.push_back(to_json(what, *found));
        if (!options.json) write_output(row_of(what, *found));
        flush_output();
    }
    if (options.json) write_output(list.dump(2) + '\n');
    return 0;
}

constexpr const char* topic_notes =
    R"(Each case is measured right beside the limit it is compared with, in processes
pinned to their cpus; a round in which the machine changed its mood is made again.
limit_ratio is ours by the limit: for round trips lower is better, for streams and
fan-out higher is better. Run it on a quiet machine. docs/bench.md tells more.

Example:
  signet bench topic --case round_trip --case stream/64)";

void add_limits(command_line bench, action& chosen) {
    auto options = std::make_shared<limits_options>();
    command_line app = bench.add_subcommand("limits", "What no message on this machine can beat");
    app.add_flag("--json", options->json, "One object");
    app.add_option("--scale", options->scale, "Times three seconds; default 1").positive();
    app.footer("Example:\n  signet bench limits --json");
    app.callback([options, &chosen] { chosen = [options] { return run_limits(*options); }; });
}

void add_topic(command_line bench, action& chosen) {
    auto options = std::make_shared<topic_options>();
    command_line app = bench.add_subcommand("topic", "Topics in shared memory beside the limits");
    app.add_flag("--json", options->json, "An array with an object for each case");
    app.add_flag("--quick", options->quick, "See that it works; the numbers mean little");
    app.add_option("--case", options->cases, "Only this one, such as round_trip/48, or this kind");
    app.footer(topic_notes);
    app.callback([options, &chosen] { chosen = [options] { return run_topic(*options); }; });
}

}  // namespace

void add_bench(command_line app, action& chosen) {
    command_line bench = app.add_subcommand("bench", "Measure this machine, and Signet beside it");
    bench.require_subcommand();
    bench.footer("Example:\n  signet bench topic --json > before.json");
    add_limits(bench, chosen);
    add_topic(bench, chosen);
    add_bench_crowd(bench, chosen);
    add_bench_sync(bench, chosen);
    add_bench_channel(bench, chosen);
    add_bench_call(bench, chosen);
    add_bench_queue(bench, chosen);
}

}  // namespace signet::command
