// SPDX-License-Identifier: Apache-2.0
// What is measured of remote calls between two processes, and how, for every peer alike. A peer has
// a class at each end:
//
//     class server {
//         explicit server(const part& mine);  // returns when a caller may connect
//         void serve();                       // until its caller has left
//     };
//     class caller {
//         explicit caller(const part& mine);                // connects
//         std::int32_t increment(std::int32_t number);      // the server returns number + 1
//         void echo(const std::string& text, auto&& read);  // it returns the text; calls
//                                                           // read(std::string_view) on that
//         void increment_all(questions& all);  // increments, keeping calls_under_way at once
//         void leave();
//     };
//
// They throw where something fails. For one thread.
#pragma once

#include <bench/peers/measure.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peers {

inline constexpr std::size_t number_bytes = sizeof(std::int32_t);
inline constexpr std::size_t text_bytes = 1024;
inline constexpr std::size_t calls_under_way = 128;

/// Numbers to be asked for while it is time, and what came back.
class questions {
public:
    explicit questions(const part& mine)
        : length_{limits::tsc_clock::instance().ticks(mine.length)}, meter_{mine} {}

    /// The next number. None: it was the last one.
    std::optional<std::int32_t> next() noexcept {
        if (limits::tsc_clock::now() - start_ >= length_) return std::nullopt;
        return static_cast<std::int32_t>(asked_++);
    }

    void answered(std::int32_t asked, std::int32_t answer) noexcept {
        if (answer != asked + 1) ++found_.changed;
        if (++answered_ % look_stride == 0) meter_.look(answered_);
    }

    void print() const {
        const faults found{.lost = asked_ - answered_, .changed = found_.changed};
        print_stream(meter_.msgs_per_s(answered_), answered_, found);
    }

private:
    static constexpr std::uint64_t look_stride = 64;

    std::uint64_t length_;
    std::uint64_t start_ = limits::tsc_clock::now();
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    rate_meter meter_;
    faults found_;
};

template <class Caller>
void increment_one(Caller& there, std::uint64_t count, faults& found) {
    const auto number = static_cast<std::int32_t>(count);
    if (there.increment(number) != number + 1) ++found.changed;
}

/// Another text each time.
template <class Caller>
void echo_one(Caller& there, std::uint64_t count, std::string& text, faults& found) {
    text.assign(text_bytes, static_cast<char>('a' + count % 26));
    bool same = false;
    there.echo(text, [&](std::string_view back) { same = back == text; });
    if (!same) ++found.changed;
}

template <class Caller>
void call(Caller& there, const part& mine) {
    trip_log log;
    faults found;
    std::string text;
    const std::uint64_t count = log_trips(log, mine, [&](std::uint64_t number) {
        if (mine.bytes == number_bytes) return increment_one(there, number, found);
        echo_one(there, number, text, found);
    });
    const limits::percentiles ns = log.ns();
    print_round_trip(ns.p50, ns.p99, count, found);
}

template <class Caller>
void pipeline(Caller& there, const part& mine) {
    questions all{mine};
    there.increment_all(all);
    all.print();
}

template <class Server>
void serve(const part& mine) {
    Server here{mine};
    say_ready(mine);
    here.serve();
    print_faults({});
    wait_for_dismissal();
}

template <class Server, class Caller>
void play_call(const part& mine) {
    if (mine.role == role::serve) return serve<Server>(mine);
    wait_until_ready(mine);
    Caller there{mine};
    there.increment(0);
    mine.role == role::call ? call(there, mine) : pipeline(there, mine);
    there.leave();
    wait_for_dismissal();
}

/// The whole of a peer's main().
template <class Server, class Caller>
int run_calls(int count, char** arguments, const char* version) {
    return run_part(count, arguments, version, play_call<Server, Caller>);
}

}  // namespace peers
