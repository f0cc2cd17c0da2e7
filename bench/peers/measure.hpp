// SPDX-License-Identifier: Apache-2.0
// What is measured between two processes, and how, for every peer alike. A peer is a class template
// over the size of its messages, one object at each end:
//
//     template <std::size_t Bytes>
//     class endpoint {
//         explicit endpoint(const part& mine);  // returns when both directions are ready
//         void send(auto&& write);          // calls write(std::byte*) on memory for the next
//                                           // message, and sends it; waits for room
//         void receive(auto&& read);        // waits for a message, calls read(const std::byte*)
//     };
//
// It throws std::exception where something fails. Anything it writes for itself, such as a copy,
// is part of what is measured. For one thread.
#pragma once

#include <bench/limits/samples.hpp>
#include <bench/limits/tsc_clock.hpp>
#include <bench/peers/part.hpp>
#include <bench/peers/work.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

namespace peers {

/// The part of a measurement that is not counted, at its beginning.
inline constexpr int warm_up_part = 5;

template <std::size_t Bytes, class Endpoint>
void say(Endpoint& to, std::uint64_t number) {
    to.send(
        [number](std::byte* at) { write_all<Bytes>(bytes_to_write<Bytes>{at, Bytes}, number); });
}

/// The number of the next message.
template <std::size_t Bytes, class Endpoint>
std::uint64_t hear(Endpoint& from, inspector& checked) {
    std::uint64_t number = 0;
    from.receive([&](const std::byte* at) {
        number = checked.inspect<Bytes>(bytes_to_read<Bytes>{at, Bytes});
    });
    return number;
}

/// Greets and is greeted, so that both sides are there when the clock starts.
template <std::size_t Bytes, class Endpoint>
void greet(Endpoint& other, bool leads) {
    inspector checked;
    if (leads) say<Bytes>(other, greeting);
    if (hear<Bytes>(other, checked) != greeting) throw std::runtime_error{"no greeting came"};
    if (!leads) say<Bytes>(other, greeting);
}

/// Round trips, one by one, in ticks. All memory is there from the start.
class trip_log {
public:
    bool full() const noexcept { return count_ == ticks_.size(); }
    void add(std::uint64_t ticks) noexcept {
        ticks_[count_++] = static_cast<std::uint32_t>(std::min<std::uint64_t>(ticks, UINT32_MAX));
    }
    void forget() noexcept { count_ = 0; }
    std::uint64_t count() const noexcept { return count_; }
    limits::percentiles ns() const {
        std::vector<double> all;
        for (std::size_t i = 0; i < count_; ++i) {
            all.push_back(limits::tsc_clock::instance().ns(ticks_[i]));
        }
        return limits::percentiles_of(std::move(all));
    }

private:
    std::size_t count_ = 0;
    std::vector<std::uint32_t> ticks_ = std::vector<std::uint32_t>(std::size_t{1} << 22, 1);
};

/// Makes `trip(number)` again and again, and logs how long each took after the warm-up. How many.
template <class Trip>
std::uint64_t log_trips(trip_log& log, const part& mine, Trip&& trip) {
    const std::uint64_t length = limits::tsc_clock::instance().ticks(mine.length);
    const std::uint64_t start = limits::tsc_clock::now();
    bool warm = false;
    std::uint64_t number = 0;
    const auto is_time = [&](std::uint64_t now) { return now - start < length || !log.count(); };
    for (std::uint64_t from = start; is_time(from) && !log.full(); ++number) {
        trip(number);
        const std::uint64_t to = limits::tsc_clock::now();
        log.add(to - from);
        if (!warm && (warm = to - start > length / warm_up_part)) log.forget();
        from = limits::tsc_clock::now();
    }
    return number;
}

template <std::size_t Bytes, class Endpoint>
void ask(Endpoint& other, const part& mine) {
    trip_log log;
    inspector checked;
    const std::uint64_t count = log_trips(log, mine, [&](std::uint64_t number) {
        say<Bytes>(other, number);
        hear<Bytes>(other, checked);
    });
    say<Bytes>(other, goodbye);
    const limits::percentiles found = log.ns();
    print_round_trip(found.p50, found.p99, count, checked.found());
}

template <std::size_t Bytes, class Endpoint>
void answer(Endpoint& other) {
    inspector checked;
    for (std::uint64_t number; (number = hear<Bytes>(other, checked)) != goodbye;) {
        say<Bytes>(other, number);
    }
    print_faults(checked.found());
}

/// Messages between two looks at the clock.
constexpr std::uint64_t stride_of(std::size_t bytes) noexcept {
    return std::max<std::size_t>(1, (std::size_t{16} << 10) / bytes);
}

template <std::size_t Bytes, class Endpoint>
void send(Endpoint& other, const part& mine) {
    const std::uint64_t length = limits::tsc_clock::instance().ticks(mine.length);
    const std::uint64_t start = limits::tsc_clock::now();
    std::uint64_t number = 0;
    while (limits::tsc_clock::now() - start < length) {
        for (std::uint64_t i = 0; i < stride_of(Bytes); ++i) say<Bytes>(other, number++);
    }
    say<Bytes>(other, goodbye);
    print_faults({});
}

/// What came after the warm-up, and how long it took, told by the last look at the clock.
class rate_meter {
public:
    explicit rate_meter(const part& mine)
        : warm_up_{limits::tsc_clock::instance().ticks(mine.length) / warm_up_part},
          start_{limits::tsc_clock::now()} {}

    void look(std::uint64_t messages) noexcept {
        const std::uint64_t now = limits::tsc_clock::now();
        if (first_ == 0 && now - start_ < warm_up_) return;
        if (first_ == 0) first_ = now, before_ = messages;
        last_ = now, counted_ = messages - before_;
    }
    /// Of `messages` in all. Where nothing came after the warm-up, it counts as well.
    double msgs_per_s(std::uint64_t messages) const {
        if (counted_ == 0) return rate(messages, limits::tsc_clock::now() - start_);
        return rate(counted_, last_ - first_);
    }

private:
    static double rate(std::uint64_t messages, std::uint64_t ticks) {
        return static_cast<double>(messages) * 1e9 / limits::tsc_clock::instance().ns(ticks);
    }

    std::uint64_t warm_up_;
    std::uint64_t start_;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t before_ = 0;
    std::uint64_t counted_ = 0;
};

template <std::size_t Bytes, class Endpoint>
void receive(Endpoint& other, const part& mine) {
    inspector checked;
    rate_meter meter{mine};
    std::uint64_t count = 0;
    while (hear<Bytes>(other, checked) != goodbye) {
        if (++count % stride_of(Bytes) == 0) meter.look(count);
    }
    print_stream(meter.msgs_per_s(count), count, checked.found());
}

template <template <std::size_t> class Endpoint, std::size_t Bytes>
void play_with(const part& mine) {
    Endpoint<Bytes> other{mine};
    greet<Bytes>(other, mine.leads());
    switch (mine.role) {
        case role::ask: ask<Bytes>(other, mine); break;
        case role::answer: answer<Bytes>(other); break;
        case role::send: send<Bytes>(other, mine); break;
        case role::receive: receive<Bytes>(other, mine); break;
        default: throw std::runtime_error{"this peer makes no calls"};
    }
    wait_for_dismissal();
}

template <template <std::size_t> class Endpoint>
void play(const part& mine) {
    switch (mine.bytes) {
        case 64: return play_with<Endpoint, 64>(mine);
        case 1024: return play_with<Endpoint, 1024>(mine);
        case std::size_t{1} << 20: return play_with<Endpoint, std::size_t{1} << 20>(mine);
        default: throw std::runtime_error{"messages have 64, 1024 or 1048576 bytes"};
    }
}

/// The whole of a main() that plays its part. Without one it prints the peer's version.
template <class Play>
int run_part(int count, char** arguments, const char* version, Play&& play) {
    try {
        const auto mine = parse(count, arguments);
        if (!mine) return std::puts(version) < 0;
        settle(*mine);
        limits::tsc_clock::instance();  // calibrated before anything is timed
        play(*mine);
        return 0;
    } catch (const std::exception& error) {
        print_failure(error.what());
        return 1;
    }
}

/// The whole of a peer's main().
template <template <std::size_t> class Endpoint>
int run(int count, char** arguments, const char* version) {
    return run_part(count, arguments, version, play<Endpoint>);
}

}  // namespace peers
