// SPDX-License-Identifier: Apache-2.0
// What a message costs in a loop does not grow with the channels that are idle, and a loop has as
// many as there may be open files.
#include <signet/listener.hpp>
#include <signet/loop.hpp>
#include <signet/os/kernel.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using testing::bytes_of;
using testing::watchdog;

using lines = std::vector<raw_channel>;

struct crowd {
    lines clients;
    lines servers;
};

/// So many channels, with both ends in this process.
crowd meet(const std::string& where, std::size_t count) {
    crowd all;
    raw_listener door{where};
    const std::jthread other{[&] {
        while (all.clients.size() < count) all.clients.emplace_back(where);
    }};
    while (all.servers.size() < count) all.servers.push_back(std::move(*door.accept()));
    return all;
}

task<> echo(loop& in, raw_channel& line) {
    for (;;) {
        const auto next = co_await in.receive(line);
        if (!next) co_return;
        const bool sent = co_await in.send(line, next->bytes);
        if (!sent) co_return;
    }
}

task<> ask(loop& in, raw_channel& line, int times, int& answered) {
    while (times-- > 0) {
        const bool sent = co_await in.send(line, bytes_of("question"));
        const auto answer = co_await in.receive_for(line, watchdog);
        if (!sent || !answer) co_return;
        ++answered;
    }
}

task<> ask_all(loop& in, lines& all, int times, int& answered) {
    for (raw_channel& one : all) co_await ask(in, one, times, answered);
    in.stop();
}

/// System calls of this thread, while it lives.
class counted_calls {
public:
    counted_calls() {
        made = 0;
        before_ = os::exchange_kernel_entry(&count);
    }
    ~counted_calls() { os::exchange_kernel_entry(before_); }
    static long number() { return made; }

private:
    static long count(long number, const os::kernel_arguments& arguments) {
        ++made;
        return before_(number, arguments);
    }
    static inline os::kernel_entry before_ = nullptr;
    static inline thread_local long made = 0;
};

task<> count_calls(loop& in, raw_channel& line, long& calls) {
    int answered = 0;
    co_await ask(in, line, 10, answered);  // until all others wait
    const counted_calls counting;
    co_await ask(in, line, 100, answered);
    calls = answered == 110 ? counting.number() : -1;
    in.stop();
}

/// Those that 100 questions and answers take beside `idle` channels that are awaited, too.
long calls_beside(std::size_t idle) {
    const testing::temporary_directory place;
    crowd all = meet("unix://" + place.path() + "/door", idle + 1);
    loop here;
    for (raw_channel& one : all.servers) here.spawn(echo(here, one));
    long calls = -1;
    here.spawn(count_calls(here, all.clients.back(), calls));
    here.run();
    return calls;
}

TEST(IdleChannels, DoNotMakeAMessageCostMoreCalls) {
    const long few = calls_beside(10);
    EXPECT_EQ(calls_beside(1000), few);
    // Of either end: a send, a receive, another one that finds nothing, and a wait.
    EXPECT_GT(few, 0);
    EXPECT_LE(few, 100 * 2 * 4);
}

/// Lets this process open as many files as it may, and tells how many.
std::size_t raise_open_files() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

TEST(IdleChannels, MayBeTenThousandInOneLoop) {
    const std::size_t count = std::min<std::size_t>(10'000, (raise_open_files() - 100) / 2);
    const testing::temporary_directory place;
    crowd all = meet("unix://" + place.path() + "/door", count);
    loop here;
    for (raw_channel& one : all.servers) here.spawn(echo(here, one));
    int answered = 0;
    here.spawn(ask_all(here, all.clients, 1, answered));
    here.run();
    EXPECT_EQ(answered, static_cast<int>(count));
}

}  // namespace
}  // namespace signet::tests
