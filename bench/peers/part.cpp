// SPDX-License-Identifier: Apache-2.0
#include <bench/peers/part.hpp>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace peers {
namespace {

constexpr std::array<std::string_view, 7> role_names{"ask",  "answer",   "send", "receive",
                                                     "call", "pipeline", "serve"};

std::optional<role> role_called(std::string_view name) {
    for (std::size_t i = 0; i < role_names.size(); ++i) {
        if (role_names[i] == name) return static_cast<role>(i);
    }
    return std::nullopt;
}

[[noreturn]] void fail(const char* operation) {
    throw std::system_error{errno, std::generic_category(), operation};
}

void pin(int cpu) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(static_cast<std::size_t>(cpu), &mask);
    if (sched_setaffinity(0, sizeof mask, &mask) != 0) fail("sched_setaffinity");
}

// The other side's line may come through the same pipe, so a line is written at once.
void print(const std::string& members) {
    const std::string line = "{" + members + "}\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
}

std::string member(const char* name, double value) {
    std::array<char, 96> text;
    std::snprintf(text.data(), text.size(), "\"%s\": %.6g", name, value);
    return text.data();
}

std::string member(const char* name, std::uint64_t value) {
    return '"' + std::string{name} + "\": " + std::to_string(value);
}

std::string members_of(const faults& found) {
    return member("lost", found.lost) + ", " + member("reordered", found.reordered) + ", " +
           member("changed", found.changed);
}

std::string ready_file(const part& mine) {
    return mine.place + "/ready";
}

}  // namespace

std::string part::name() const {
    return place.substr(place.rfind('/') + 1);
}

std::optional<part> parse(int count, char** arguments) {
    if (count != 7) return std::nullopt;
    const auto chosen = role_called(arguments[1]);
    if (!chosen) return std::nullopt;
    part mine{.role = *chosen,
              .bytes = std::strtoull(arguments[2], nullptr, 10),
              .length = std::chrono::milliseconds{std::strtoll(arguments[3], nullptr, 10)},
              .cpu = std::nullopt,
              .waiting = std::string_view{arguments[5]} == "poll" ? waiting::poll : waiting::block,
              .place = arguments[6]};
    if (std::string_view{arguments[4]} != "free") mine.cpu = std::atoi(arguments[4]);
    return mine;
}

role partner_of(role one) noexcept {
    switch (one) {
        case role::ask: return role::answer;
        case role::answer: return role::ask;
        case role::send: return role::receive;
        case role::receive: return role::send;
        case role::call:
        case role::pipeline: return role::serve;
        case role::serve: return role::call;
    }
    return one;
}

void settle(const part& mine) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail("prctl");
    if (mine.cpu) pin(*mine.cpu);
}

void say_ready(const part& mine) {
    const int file = open(ready_file(mine).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) fail("open");
    close(file);
}

void wait_until_ready(const part& mine) {
    while (access(ready_file(mine).c_str(), F_OK) != 0) sched_yield();
}

void wait_for_dismissal() {
    while (std::getchar() != EOF) {
    }
}

void print_round_trip(double p50_ns, double p99_ns, std::uint64_t messages, const faults& found) {
    print(member("p50_ns", p50_ns) + ", " + member("p99_ns", p99_ns) + ", " +
          member("messages", messages) + ", " + members_of(found));
}

void print_stream(double msgs_per_s, std::uint64_t messages, const faults& found) {
    print(member("msgs_per_s", msgs_per_s) + ", " + member("messages", messages) + ", " +
          members_of(found));
}

void print_faults(const faults& found) {
    print(members_of(found));
}

void print_failure(const char* what) {
    std::fprintf(stderr, "%s\n", what);
}

}  // namespace peers
