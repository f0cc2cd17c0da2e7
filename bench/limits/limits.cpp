// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/limits.hpp>

#include <bench/limits/copy.hpp>
#include <bench/limits/futex.hpp>
#include <bench/limits/mood.hpp>
#include <bench/limits/ping.hpp>
#include <bench/limits/processes.hpp>
#include <bench/limits/ring.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace limits {
namespace {

using std::chrono::nanoseconds;

constexpr int repetitions = 5;
constexpr int run_repeats_max = 5;
constexpr std::size_t copy_bytes = std::size_t{1} << 20;

nanoseconds milliseconds_times(double scale, int milliseconds) {
    return nanoseconds(std::llround(scale * milliseconds * 1e6));
}

double best_cacheline_rtt_ns(mood_watch& mood, nanoseconds length) {
    const auto median_of = [&](spinning how) {
        return mood.median_of(repetitions, [&] { return cacheline_rtt_ns(how, length); });
    };
    return std::min(median_of(spinning::plain), median_of(spinning::pausing));
}

double best_ring_msgs_per_s(mood_watch& mood, nanoseconds length) {
    double best = 0;
    for (std::size_t slots = 4096; slots <= 65536; slots *= 2) {
        const auto once = [&] { return ring_msgs_per_s(slots, length); };
        best = std::max(best, mood.median_of(repetitions, once));
    }
    return best;
}

double median_futex_rtt_ns(mood_watch& mood, cpu_pair cpus, nanoseconds length) {
    return mood.median_of(repetitions, [&] { return futex_rtt_ns(cpus, length); });
}

double median_copy_gb_per_s(mood_watch& mood, nanoseconds length) {
    return mood.median_of(repetitions, [&] { return copy_gb_per_s(copy_bytes, length); });
}

report measure_once(mood_watch& mood, double scale) {
    const auto ms = [&](int count) { return milliseconds_times(scale, count); };
    report limits{};
    limits.cacheline_rtt_ns = best_cacheline_rtt_ns(mood, ms(20));
    limits.futex_rtt_ns = median_futex_rtt_ns(mood, two_cpus(), ms(60));
    limits.futex_rtt_one_core_ns = median_futex_rtt_ns(mood, one_cpu(), ms(30));
    limits.copy_gb_per_s = median_copy_gb_per_s(mood, ms(20));
    limits.ring_msgs_per_s = best_ring_msgs_per_s(mood, ms(40));
    limits.cores = allowed_cpus().size();
    return limits;
}

std::string number(double value) {
    char text[400];  // the longest double in this form has 309 digits before the point
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 2);
    return {text, end.ptr};
}

// Each value is JSON already.
std::string object(std::initializer_list<std::pair<const char*, std::string>> fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += text.empty() ? "{\"" : ", \"";
        text += name;
        text += "\": ";
        text += value;
    }
    text += '}';
    return text;
}

}  // namespace

report measure(double scale) {
    if (!(scale > 0) || !std::isfinite(scale)) {
        throw std::invalid_argument("the scale of a measurement must be a number above zero");
    }
    for (int repeats = 0;; ++repeats) {
        mood_watch mood(milliseconds_times(scale, 20));
        report limits = measure_once(mood, scale);
        mood.end();
        limits.mood = {mood.before_ns(), mood.after_ns(), repeats};
        if (mood.steady() || repeats == run_repeats_max) {
            return limits;
        }
    }
}

std::string to_json(const report& limits) {
    const auto& mood = limits.mood;
    return object({
        {"cacheline_rtt_ns", number(limits.cacheline_rtt_ns)},
        {"futex_rtt_ns", number(limits.futex_rtt_ns)},
        {"futex_rtt_one_core_ns", number(limits.futex_rtt_one_core_ns)},
        {"copy_gb_per_s", number(limits.copy_gb_per_s)},
        {"ring_msgs_per_s", number(limits.ring_msgs_per_s)},
        {"cores", std::to_string(limits.cores)},
        {"mood", object({{"cacheline_rtt_before_ns", number(mood.cacheline_rtt_before_ns)},
                         {"cacheline_rtt_after_ns", number(mood.cacheline_rtt_after_ns)},
                         {"repeats", std::to_string(mood.repeats)}})},
    });
}

}  // namespace limits
