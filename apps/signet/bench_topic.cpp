// SPDX-License-Identifier: Apache-2.0
#include "bench_topic.hpp"

#include <bench/limits/bytes.hpp>
#include <bench/limits/futex.hpp>
#include <bench/limits/ping.hpp>
#include <bench/limits/ring.hpp>
#include <bench/limits/spin.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <span>
#include <stdexcept>

namespace signet::command {
namespace {

constexpr std::uint64_t goodbye = ~std::uint64_t{0};
constexpr std::size_t window_bytes = std::size_t{4} << 20;   // between two looks at the clock
constexpr std::size_t stride_bytes = std::size_t{64} << 10;  // between two looks at the flag

template <std::size_t Bytes>
struct payload {
    std::uint64_t words[Bytes / sizeof(std::uint64_t)];

    static constexpr std::size_t last = Bytes / sizeof(std::uint64_t) - 1;
    static constexpr bool in_slot = Bytes <= transport::shm::slot_payload_max;
};

// ---- round trips --------------------------------------------------------------------------------

/// Sends a message that says `number` at both ends; a large one is not otherwise touched.
template <std::size_t Bytes>
void say(publisher<payload<Bytes>>& to, std::uint64_t number) {
    using message = payload<Bytes>;
    if constexpr (message::in_slot) {
        message words{};
        words.words[0] = number;
        words.words[message::last] = number;
        to.publish(words);
    } else {
        auto loan = to.loan();
        loan->words[0] = number;
        loan->words[message::last] = number;
        to.publish(std::move(loan));
    }
}

template <std::size_t Bytes>
std::uint64_t hear(subscriber<payload<Bytes>>& from) {
    const auto heard = from.receive();
    const std::uint64_t number = heard->words[0];
    if (heard->words[payload<Bytes>::last] != number) {
        throw std::runtime_error{"a message was torn"};
    }
    return number;
}

/// Both ends of a conversation over two topics.
template <std::size_t Bytes>
struct talk {
    talk(const std::string& directory, wait_mode waiting, const char* mouth, const char* ear)
        : here{{.directory = directory}},
          out{here, mouth, {.waiting = waiting}},
          in{here, ear, {.waiting = waiting}} {
        out.wait_for_subscribers(1);
    }

    context here;
    publisher<payload<Bytes>> out;
    subscriber<payload<Bytes>> in;
};

template <std::size_t Bytes>
void ask(talk<Bytes>& ends, std::uint64_t number) {
    say(ends.out, number);
    if (hear(ends.in) != number) throw std::runtime_error{"a message was lost"};
}

template <std::size_t Bytes>
void ask_many(talk<Bytes>& ends, limits::sample_log& log, const effort& how) {
    const auto& clock = limits::tsc_clock::instance();
    const std::uint64_t length_ticks = clock.ticks(how.length);
    std::uint64_t number = 0;
    for (int i = 0; i < how.warm_up; ++i) ask(ends, number++);
    const std::uint64_t start = clock.now();
    for (std::uint64_t from = start; from - start < length_ticks && !log.full();) {
        ask(ends, number++);
        const std::uint64_t to = clock.now();
        log.add(clock.ns(to - from));
        from = to;
    }
    say(ends.out, goodbye);
}

template <std::size_t Bytes>
limits::percentiles round_trip(limits::cpu_pair cpus, wait_mode waiting, const effort& how) {
    const private_directory place;
    const limits::shared<limits::sample_log> log;
    limits::tsc_clock::instance();  // calibrated before the fork
    run_measured({{cpus.first,
                   [&] {
                       talk<Bytes> ends{place.path(), waiting, "bench/ask", "bench/answer"};
                       ask_many(ends, *log, how);
                   }},
                  {cpus.second, [&] {
                       talk<Bytes> ends{place.path(), waiting, "bench/answer", "bench/ask"};
                       std::uint64_t number;
                       while ((number = hear(ends.in)) != goodbye) say(ends.out, number);
                   }}});
    return limits::percentiles_of(log->values());
}

double line_limit_ns(const effort& how) {
    return std::min(limits::cacheline_rtt_ns(limits::spinning::plain, how.limit_length),
                    limits::cacheline_rtt_ns(limits::spinning::pausing, how.limit_length));
}

template <std::size_t Bytes>
bench_case polled_case() {
    return {.name = fmt::format("round_trip/{}", Bytes),
            .kind = bench_kind::round_trip,
            .payload_bytes = Bytes,
            .wait = "poll",
            .limit_name = "cacheline_rtt_ns",
            .round = [](const effort& how) {
                return round_result{line_limit_ns(how),
                                    round_trip<Bytes>(limits::two_cpus(), wait_mode::poll, how)};
            }};
}

bench_case sleeping_case(const char* name, int cores, const char* limit_name) {
    constexpr std::size_t bytes = 48;
    return {.name = name,
            .kind = bench_kind::round_trip,
            .payload_bytes = bytes,
            .wait = "sleep",
            .cores = cores,
            .limit_name = limit_name,
            .round = [cores](const effort& how) {
                const auto cpus = cores == 1 ? limits::one_cpu() : limits::two_cpus();
                return round_result{limits::futex_rtt_ns(cpus, how.limit_length),
                                    round_trip<bytes>(cpus, wait_mode::sleep, how)};
            }};
}

// ---- streams ------------------------------------------------------------------------------------

struct stream_memory {
    alignas(limits::apart_bytes) std::atomic<bool> enough{false};  // the receiver: time is up
    alignas(limits::apart_bytes) limits::sample_log windows_ns_per_message;  // who is timed
};

template <std::size_t Bytes>
std::span<std::byte> bytes_of(payload<Bytes>& message) {
    return std::as_writable_bytes(std::span{message.words});
}

template <std::size_t Bytes>
std::span<const std::byte> bytes_of(const payload<Bytes>& message) {
    return std::as_bytes(std::span{message.words});
}

/// The sum of the words, as limits::sum_bytes makes it. A small message has just been copied word
/// by word; spelled out, the compiler adds the words it has at hand, where a loop of wide loads
/// would wait for the narrow stores before it.
template <std::size_t Bytes>
std::uint64_t sum_of(const payload<Bytes>& message) {
    if constexpr (!payload<Bytes>::in_slot) {
        return limits::sum_bytes(bytes_of(message));
    } else {
        return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            return (std::uint64_t{0} + ... + message.words[Index]);
        }(std::make_index_sequence<Bytes / limits::word_bytes>{});
    }
}

/// A small message as limits::fill_bytes makes it, spelled out likewise.
template <std::size_t Bytes>
payload<Bytes> filled(std::uint64_t seed) {
    return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        return payload<Bytes>{{seed + Index...}};
    }(std::make_index_sequence<Bytes / limits::word_bytes>{});
}

template <std::size_t Bytes>
void publish_filled(publisher<payload<Bytes>>& to, std::uint64_t seed) {
    if constexpr (payload<Bytes>::in_slot) {
        to.publish(filled<Bytes>(seed));
    } else {
        auto loan = to.loan();
        limits::fill_bytes(bytes_of(*loan), seed);
        to.publish(std::move(loan));
    }
}

/// Windows of messages, timed.
class window_clock {
public:
    window_clock(limits::sample_log& log, std::uint64_t messages)
        : log_{log}, messages_{messages} {}

    void count() noexcept {
        if (++counted_ == messages_) close();
    }
    std::uint64_t elapsed() const noexcept { return last_ - start_; }

private:
    void close() noexcept {
        const std::uint64_t now = limits::tsc_clock::now();
        const double ns = limits::tsc_clock::instance().ns(now - last_);
        if (!first_) log_.add(ns / static_cast<double>(messages_));
        if (first_) start_ = now;  // the first one warms up
        first_ = false;
        last_ = now;
        counted_ = 0;
    }

    limits::sample_log& log_;
    std::uint64_t messages_;
    std::uint64_t counted_ = 0;
    std::uint64_t start_ = 0;
    std::uint64_t last_ = 0;
    bool first_ = true;
};

constexpr std::uint64_t window_messages(std::size_t bytes) {
    return std::max<std::size_t>(1, window_bytes / bytes);
}

/// The sum of messages 0, 1, … count - 1, each filled with its number.
std::uint64_t expected_sum(std::size_t bytes, std::uint64_t count) {
    const std::uint64_t numbers =
        count % 2 == 0 ? count / 2 * (count - 1) : (count - 1) / 2 * count;
    return bytes / limits::word_bytes * numbers + count * limits::sum_of_fill(bytes, 0);
}

template <std::size_t Bytes>
void send_stream(const std::string& directory, std::uint64_t depth, stream_memory& memory) {
    const context here{{.directory = directory}};
    publisher<payload<Bytes>> out{
        here, "bench/stream", {.depth = depth, .waiting = wait_mode::poll}};
    out.wait_for_subscribers(1);
    constexpr std::uint64_t stride = std::max<std::size_t>(1, stride_bytes / Bytes);
    std::uint64_t number = 0;
    // relaxed: the flag carries nothing with it
    while (!memory.enough.load(std::memory_order_relaxed)) {
        for (std::uint64_t i = 0; i < stride; ++i) publish_filled(out, number++);
    }
    publish_filled(out, goodbye);
}

template <std::size_t Bytes>
void receive_stream(const std::string& directory, std::uint64_t length_ticks,
                    stream_memory& memory) {
    const context here{{.directory = directory}};
    subscriber<payload<Bytes>> in{
        here, "bench/stream", {.policy = delivery::block, .waiting = wait_mode::poll}};
    window_clock windows{memory.windows_ns_per_message, window_messages(Bytes)};
    std::uint64_t count = 0;
    std::uint64_t sum = 0;
    for (;;) {
        const auto message = in.receive();
        if (message->words[0] == goodbye) break;
        sum += sum_of(*message);
        ++count;
        windows.count();
        // relaxed: as above
        if (windows.elapsed() > length_ticks) memory.enough.store(true, std::memory_order_relaxed);
    }
    if (in.lost() != 0 || sum != expected_sum(Bytes, count)) {
        throw std::runtime_error{"the stream lost or changed a message"};
    }
}

template <std::size_t Bytes>
double stream_msgs_per_s(std::uint64_t depth, std::chrono::nanoseconds length) {
    const private_directory place;
    const limits::shared<stream_memory> memory;
    const limits::cpu_pair cpus = limits::two_cpus();
    const std::uint64_t length_ticks = limits::tsc_clock::instance().ticks(length);
    run_measured(
        {{cpus.first, [&] { send_stream<Bytes>(place.path(), depth, *memory); }},
         {cpus.second, [&] { receive_stream<Bytes>(place.path(), length_ticks, *memory); }}});
    return 1e9 / limits::median(memory->windows_ns_per_message.values());
}

/// The bare ring of 64-byte messages, with as many slots as serve it best on this machine. They are
/// chosen once, so that the rounds do not pick the luckiest each time.
class ring_limit {
public:
    double operator()(const effort& how) {
        if (slots_ == 0) slots_ = best_slots(how);
        return limits::ring_msgs_per_s(slots_, how.limit_length);
    }

private:
    static std::size_t best_slots(const effort& how) {
        std::size_t best = 0;
        double most = 0;
        for (std::size_t slots = 4096; slots <= 65536; slots *= 2) {
            std::vector<double> rates;
            for (int i = 0; i < how.limit_repetitions; ++i) {
                rates.push_back(limits::ring_msgs_per_s(slots, how.limit_length));
            }
            const double rate = limits::median(std::move(rates));
            if (rate > most) best = slots;
            most = std::max(most, rate);
        }
        return best;
    }

    std::size_t slots_ = 0;
};

/// As many messages as serve the bare ring best; ours is given the same.
template <std::size_t Bytes>
constexpr std::uint64_t depth_for() {
    return std::clamp<std::size_t>((std::size_t{16} << 20) / Bytes, 16, 4096);
}

template <std::size_t Bytes>
double bulk_limit(const effort& how) {
    return limits::bare_bulk_ring_gb_per_s(Bytes, depth_for<Bytes>(), how.limit_length / 2);
}

template <std::size_t Bytes>
bench_case stream_case() {
    constexpr bool small = Bytes <= 64;
    constexpr std::uint64_t depth = depth_for<Bytes>();
    return {.name = fmt::format("stream/{}", Bytes),
            .kind = bench_kind::stream,
            .payload_bytes = Bytes,
            .wait = "poll",
            .limit_name = small ? "ring_msgs_per_s" : "bulk_ring_gb_per_s",
            .round = [bare = ring_limit{}](const effort& how) mutable {
                const double limit = small ? bare(how) : bulk_limit<Bytes>(how);
                return round_result{limit, {}, stream_msgs_per_s<Bytes>(depth, how.length)};
            }};
}

// ---- fan-out ------------------------------------------------------------------------------------

void publish_to_all(const std::string& directory, int subscribers, std::uint64_t length_ticks,
                    stream_memory& memory) {
    constexpr std::size_t bytes = 64;
    const context here{{.directory = directory}};
    publisher<payload<bytes>> out{here, "bench/fan", {.depth = 16384}};
    out.wait_for_subscribers(static_cast<std::size_t>(subscribers));
    window_clock windows{memory.windows_ns_per_message, window_messages(bytes)};
    for (std::uint64_t number = 0; windows.elapsed() < length_ticks; ++number) {
        publish_filled(out, number);
        windows.count();
    }
    publish_filled(out, goodbye);
}

/// Reads what it can; what it is too slow for is lost, which holds nobody back.
void listen_to_all(const std::string& directory) {
    constexpr std::size_t bytes = 64;
    const context here{{.directory = directory}};
    subscriber<payload<bytes>> in{here, "bench/fan", {}};
    while (in.receive()->words[0] != goodbye) {
    }
}

double fan_out_msgs_per_s(const effort& how, int subscribers) {
    const private_directory place;
    const limits::shared<stream_memory> memory;
    const limits::cpu_pair cpus = limits::two_cpus();
    const std::uint64_t length_ticks = limits::tsc_clock::instance().ticks(how.length);
    std::vector<limits::role> roles{
        {cpus.first, [&] { publish_to_all(place.path(), subscribers, length_ticks, *memory); }}};
    for (int i = 0; i < subscribers; ++i) {
        roles.push_back({cpus.second, [&] { listen_to_all(place.path()); }});
    }
    run_measured(std::move(roles));
    return 1e9 / limits::median(memory->windows_ns_per_message.values());
}

bench_case fan_out_case(int subscribers) {
    return {.name = fmt::format("fan_out/{}", subscribers),
            .kind = bench_kind::fan_out,
            .payload_bytes = 64,
            .wait = "poll",
            .subscribers = subscribers,
            .limit_name = "ring_msgs_per_s",
            .round = [subscribers, bare = ring_limit{}](const effort& how) mutable {
                const double limit = bare(how);
                return round_result{limit, {}, fan_out_msgs_per_s(how, subscribers)};
            }};
}

}  // namespace

double bench_case::ratio_of(const round_result& one) const {
    if (kind == bench_kind::round_trip) return one.rtt_ns.p50 / one.limit;
    const double bytes = static_cast<double>(payload_bytes);
    return compares_bytes() ? one.msgs_per_s * bytes / 1e9 / one.limit : one.msgs_per_s / one.limit;
}

std::vector<bench_case> topic_cases() {
    std::vector<bench_case> all{
        sleeping_case("sleep/one_core", 1, "futex_rtt_one_core_ns"),
    };
    if (limits::two_cpus().same()) return all;  // the others need two
    all = {polled_case<8>(),
           polled_case<48>(),
           polled_case<64>(),
           polled_case<240>(),
           polled_case<4096>(),
           polled_case<65536>(),
           polled_case<std::size_t{1} << 20>(),
           std::move(all.front()),
           sleeping_case("sleep/two_cores", 2, "futex_rtt_ns"),
           stream_case<8>(),
           stream_case<64>(),
           stream_case<1024>(),
           stream_case<65536>(),
           stream_case<std::size_t{1} << 20>(),
           fan_out_case(1),
           fan_out_case(2)};
    return all;
}

}  // namespace signet::command
