// SPDX-License-Identifier: Apache-2.0
// Two processes with a raw line and a channel between them: a batch over the one, a batch over the
// other, and again.
#include "bench_channel.hpp"
#include "bench_channel_meeting.hpp"
#include "bench_tls.hpp"
#include "raw_line.hpp"

#include <bench/limits/ping.hpp>
#include <bench/limits/tsc_clock.hpp>

#include <signet/channel.hpp>
#include <signet/face/carriers.hpp>

#include <array>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <vector>

namespace signet::command {
namespace {

using limits::tsc_clock;

constexpr std::size_t trip_bytes = 48;
constexpr std::size_t stream_bytes = 1024;
constexpr int trips_each = 64;
// So many that waking up after the raw line's batch, which blocks, is no part of them.
constexpr int polled_trips_each = 4096;
constexpr int messages_each = 1024;
constexpr int datagrams_each = 64;  // for which the kernel has room: none is lost
constexpr const char* trip_part = "trips";
constexpr const char* stream_part = "stream";

/// What the two processes share; written by the leader.
struct stage {
    std::atomic<std::uint64_t> last{~std::uint64_t{0}};  ///< batch; said before it begins
    limits::sample_log raw_ns;                           ///< per round trip, or message
    limits::sample_log ours_ns;
};

/// What one process does over either: as the leader or the follower.
template <int Trips, std::size_t Bytes = trip_bytes>
class trip_batch {
public:
    static void lead(raw_line& over) {
        std::array<std::byte, Bytes> bytes{};
        for (int i = 0; i < Trips; ++i) {
            over.send(line_side::leader, bytes);
            over.receive_all(line_side::leader, bytes, bytes.size());
        }
    }
    static void follow(raw_line& over) {
        std::array<std::byte, Bytes> bytes{};
        for (int i = 0; i < Trips; ++i) {
            over.receive_all(line_side::follower, bytes, bytes.size());
            over.send(line_side::follower, bytes);
        }
    }
    static void lead(raw_channel& over) {
        const std::array<std::byte, Bytes> bytes{};
        for (int i = 0; i < Trips; ++i) {
            over.send(bytes);
            over.receive();
        }
    }
    static void follow(raw_channel& over) {
        for (int i = 0; i < Trips; ++i) {
            const auto got = over.receive();
            if (!got) throw std::runtime_error{"the channel ended"};
            over.send(got->bytes);
        }
    }
    static constexpr double count = Trips;
    static constexpr const char* part = trip_part;
};

/// One way, and a byte back when all is there.
template <int messages>
class stream_batch {
public:
    static void lead(raw_line& over) {
        std::array<std::byte, stream_bytes> bytes{};
        for (int i = 0; i < messages; ++i) over.send(line_side::leader, bytes);
        over.receive(line_side::leader, bytes);
    }
    static void follow(raw_line& over) {
        static std::array<std::byte, std::size_t{64} << 10> bytes;
        over.receive_all(line_side::follower, bytes, messages * stream_bytes);
        over.send(line_side::follower, std::span{bytes}.first(1));
    }
    static void lead(raw_channel& over) {
        const std::array<std::byte, stream_bytes> bytes{};
        for (int i = 0; i < messages; ++i) over.send(bytes);
        over.receive();
    }
    static void follow(raw_channel& over) {
        for (int i = 0; i < messages; ++i) {
            if (!over.receive()) throw std::runtime_error{"the channel ended"};
        }
        over.send(std::array<std::byte, 1>{});
    }
    static constexpr double count = messages;
    static constexpr const char* part = stream_part;
};

template <class Batch, class Line>
void lead_timed(Line& over, limits::sample_log& into) {
    const std::uint64_t from = tsc_clock::now();
    Batch::lead(over);
    into.add(tsc_clock::instance().ns(tsc_clock::now() - from) / Batch::count);
}

template <class Batch>
void lead_all(raw_line& raw, raw_channel ours, std::chrono::nanoseconds length, stage& on) {
    Batch::lead(raw);
    Batch::lead(ours);
    const std::uint64_t start = tsc_clock::now();
    const std::uint64_t ticks = tsc_clock::instance().ticks(length);
    for (std::uint64_t batch = 1;; ++batch) {
        const bool last = tsc_clock::now() - start > ticks || on.raw_ns.full();
        // relaxed: the messages of the batch carry it
        if (last) on.last.store(batch, std::memory_order_relaxed);
        lead_timed<Batch>(raw, on.raw_ns);
        lead_timed<Batch>(ours, on.ours_ns);
        if (last) return;
    }
}

template <class Batch>
void follow_all(raw_line& raw, std::optional<raw_channel> ours, const stage& on) {
    std::uint64_t batch = 0;
    do {
        Batch::follow(raw);
        if (ours) Batch::follow(*ours);
        // relaxed: as above
    } while (on.last.load(std::memory_order_relaxed) != batch++);
}

struct channel_numbers {
    double raw_ns;
    double ours_ns;
};

template <class Batch>
channel_numbers measure(const std::string& scheme, const effort& how, limits::cpu_pair cpus) {
    const auto raw = raw_kind_of(scheme).make();
    const auto meeting = meeting_over(scheme, Batch::part);
    if (scheme == "tls") become_somebody_over_tls();
    const limits::shared<stage> on;
    channel_options options{.message_bytes_max = stream_bytes};
    if (!cpus.same()) options.waiting = life::wait_mode::poll;
    tsc_clock::instance();
    const auto lead = [&] { lead_all<Batch>(*raw, meeting->lead(options), how.length * 2, *on); };
    const auto follow = [&] { follow_all<Batch>(*raw, meeting->follow(options), *on); };
    run_measured({{cpus.first, lead}, {cpus.second, follow}});
    return {limits::median(on->raw_ns.values()), limits::median(on->ours_ns.values())};
}

channel_case trip_case(const std::string& scheme) {
    return {.name = scheme + "/round_trip",
            .carrier = scheme,
            .rival = std::string{raw_kind_of(scheme).name},
            .unit = "ns",
            .wanted = scheme == "tls" ? 0 : 1.15,
            .round = [scheme](const effort& how) -> channel_pair {
                const auto found = measure<trip_batch<trips_each>>(scheme, how, limits::one_cpu());
                return {found.raw_ns, found.ours_ns};
            }};
}

channel_case stream_case(const std::string& scheme, limits::cpu_pair cpus, double wanted) {
    return {.name = scheme + "/stream",
            .carrier = scheme,
            .rival = std::string{raw_kind_of(scheme).name},
            .unit = "messages/s",
            .wanted = wanted,
            .more_wins = true,
            .round = [scheme, cpus](const effort& how) -> channel_pair {
                const auto found = scheme == "udp"
                                       ? measure<stream_batch<datagrams_each>>(scheme, how, cpus)
                                       : measure<stream_batch<messages_each>>(scheme, how, cpus);
                return {1e9 / found.raw_ns, 1e9 / found.ours_ns};
            }};
}

channel_case polled_trip_case(const std::string& scheme) {
    return {.name = scheme + "/round_trip",
            .carrier = scheme,
            .rival = "a cache line and back",
            .unit = "ns",
            .wanted = 1.4,
            .round = [scheme](const effort& how) -> channel_pair {
                const double line =
                    limits::cacheline_rtt_ns(limits::spinning::pausing, how.limit_length);
                using batch = trip_batch<polled_trips_each>;
                return {line, measure<batch>(scheme, how, limits::two_cpus()).ours_ns};
            }};
}

}  // namespace

void answer_over_pipe(const std::string& part) {
    raw_channel line{"pipe:", {.message_bytes_max = 4096}};
    try {
        for (;;) {
            part == stream_part ? stream_batch<messages_each>::follow(line)
                                : trip_batch<trips_each>::follow(line);
        }
    } catch (const std::runtime_error&) {
        if (!line.ended()) throw;
    }
}

double raw_trip_ns(const std::string& scheme, const effort& how) {
    return measure<trip_batch<trips_each>>(scheme, how, limits::one_cpu()).raw_ns;
}

double polled_trip_ns(const effort& how) {
    using batch = trip_batch<polled_trips_each, 64>;
    return measure<batch>("shm", how, limits::two_cpus()).ours_ns;
}

std::vector<channel_case> channel_cases() {
    std::vector<channel_case> all;
    for (const transport::carrier* one : face::carriers()) {
        const std::string scheme{one->facts().scheme};
        if (!meeting_over(scheme, {})) continue;
        if (scheme != "shm") {
            all.push_back(trip_case(scheme));
            all.push_back(stream_case(scheme, limits::one_cpu(), scheme == "tls" ? 0 : 0.9));
        } else if (!limits::two_cpus().same()) {
            all.push_back(polled_trip_case(scheme));
            all.push_back(stream_case(scheme, limits::two_cpus(), 10));
        }
    }
    return all;
}

}  // namespace signet::command
