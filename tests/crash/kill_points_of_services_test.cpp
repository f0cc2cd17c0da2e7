// SPDX-License-Identifier: Apache-2.0
// A server, or a client, is killed before each step, an access to shared memory or a system call,
// of a conversation: a call, a stream in either direction, a function called back, a batch. A
// client learns at once what became of its call, which must be true by the log of who ran it, and
// its next call reaches another server; a server keeps nothing of a client that died. Each process
// is a fork of a test that has no threads; SIGALRM ends one that hangs.
#include "../conformance/channel_carriers.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"
#include "state_names.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <new>

namespace signet::tests {
namespace {

using testing::eventually;
using transport::carrier;

constexpr unsigned hang_seconds = 60;
constexpr int steps_max = 2000;

/// What became of a call, by its client's word and by the log.
enum class fate { answered, never_ran, lost_before, lost_amid, lost_after };
constexpr std::array<const char*, 5> fate_names{"answered", "no", "maybe, did not begin",
                                                "maybe, began", "maybe, ended"};

/// Which call it was.
enum class number { first, while_nobody_serves, of_the_next };

/// In memory that all processes of a test share.
struct shared_log {
    std::array<std::atomic<int>, 3> began;
    std::array<std::atomic<int>, 3> ended;
    std::atomic<bool> alone;  ///< the client has found that nobody serves
    std::atomic<int> held;    ///< methods that wait until they are cancelled
    std::atomic<int> let_go;  ///< those that were
    std::atomic<int> live;    ///< streams that a server writes
    std::array<std::atomic<int>, fate_names.size()> fates;

    void clear() {
        for (auto& one : began) one = 0;
        for (auto& one : ended) one = 0;
        alone = false;
        held = 0;
        let_go = 0;
        live = 0;
    }
};

shared_log& book_of_calls() {
    static void* const pages = mmap(nullptr, sizeof(shared_log), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    static auto* const log = new (pages) shared_log{};
    return *log;
}

void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error{what};
}

// ---- what a server does -------------------------------------------------------------------------

void arm(int k) {
    watch_steps({});
    die_before_step(k);
}

struct counted {
    counted() { ++book_of_calls().live; }
    ~counted() { --book_of_calls().live; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
};

stream<int> count_to(int end) {
    const counted one;
    for (int i = 0; i < end; ++i) co_yield i;
}

/// With steps in it at which it can be killed.
int work(int which) {
    auto& log = book_of_calls();
    ++log.began[static_cast<std::size_t>(which)];
    const os::descriptor some = os::duplicate(0);
    ++log.ended[static_cast<std::size_t>(which)];
    return which;
}

int hold() {
    const std::stop_token stop = current_call()->stop_token();
    ++book_of_calls().held;
    require(eventually([&] { return stop.stop_requested(); }), "nobody cancelled it");
    return ++book_of_calls().let_go;
}

void handle_all(server& by) {
    by.handle("work", work);
    by.handle("hold", hold);
    by.handle("count", count_to);
    by.handle("sum", [](stream<int> items) {
        int sum = 0;
        for (const int one : items) sum += one;
        return sum;
    });
    by.handle("ask", [](const std::function<int(int)>& what) { return what(1) + what(2); });
    by.handle("arm", arm);
    by.handle("leave", [] { _exit(0); });
}

// ---- what a client does: what it finds is right, or it is told that the other end died ----------

void talk_call(client& with) {
    require(with.call<int>("work", 0) == 0, "a wrong result");
}

void talk_stream_to_us(client& with) {
    int next = 0;
    for (const int one : with.call<stream<int>>("count", 3)) require(one == next++, "a wrong item");
    require(next == 3, "an end that is none");
    with.call<stream<int>>("count", 1'000'000).next();
}

void talk_stream_from_us(client& with) {
    require(with.call<int>("sum", count_to(4)) == 6, "a wrong sum");
}

void talk_back(client& with) {
    require(with.call<int>("ask", [](int x) { return 2 * x; }) == 6, "a wrong sum of callbacks");
}

void talk_batch(client& with) {
    batch together{with};
    auto zero = together.call<int>("work", 0);
    auto ten = together.call<int>("sum", count_to(5));
    auto again = together.call<int>("work", zero);
    together.send();
    require(again.get() == 0 && ten.get() == 10, "a wrong result of a batch");
}

void talk_and_cancel(client& with) {
    const auto held = with.async_call<int>("hold");
    auto& log = book_of_calls();
    require(eventually([&] { return log.held > log.let_go; }), "it does not hold");
}

struct conversation {
    const char* name;
    void (*talk)(client& with);
};

constexpr std::array<conversation, 5> conversations{{{"call", talk_call},
                                                     {"stream to us", talk_stream_to_us},
                                                     {"stream from us", talk_stream_from_us},
                                                     {"callback", talk_back},
                                                     {"batch", talk_batch}}};

/// None: it was served.
std::optional<call_error> failure_of(const std::function<void()>& calls) {
    try {
        calls();
    } catch (const call_error& e) {
        return e;
    }
    return std::nullopt;
}

/// What became of a call, where that is true.
fate fate_of(number which, const std::optional<call_error>& told) {
    auto& log = book_of_calls();
    const auto at = static_cast<std::size_t>(which);
    const int began = log.began[at];
    const int ended = log.ended[at];
    if (!told) return require(ended != 0, "it did not run"), fate::answered;
    require(told->ran() != ran::yes, "a method that did not throw");
    if (told->ran() == ran::no) return require(began == 0, "a no that ran"), fate::never_ran;
    return began == 0 ? fate::lost_before : ended < began ? fate::lost_amid : fate::lost_after;
}

class KillPointsOfServices : public ::testing::TestWithParam<const carrier*> {
protected:
    using body = std::function<void()>;

    static pid_t start(const body& does) {
        const pid_t pid = fork_mortal();
        if (pid != 0) return pid;
        alarm(hang_seconds);
        try {
            does();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s\n", e.what());
            _exit(1);
        }
        _exit(0);
    }

    static int status_of(pid_t pid) {
        int status = 0;
        waitpid(pid, &status, 0);
        return status;
    }

    static void stop(pid_t pid) {
        kill(pid, SIGKILL);
        status_of(pid);
    }

    client connect() const {
        // Whose steps do not depend on how long it looks before it sleeps.
        const client_options options{.waiting = wait_mode::sleep};
        std::optional<client> found;
        eventually([&] {
            try {
                return found.emplace(where_, options), true;
            } catch (const error&) {
                return false;
            }
        });
        require(found.has_value(), "nobody serves");
        return std::move(*found);
    }

    void serve() const {
        server here{where_, {.waiting = wait_mode::sleep}};
        handle_all(here);
        here.serve();
    }

    /// After a death, or an end.
    void serve_next() const {
        server here{where_};
        here.handle("work", work);
        here.serve();
    }

    void be_client(const conversation& what, int k) const {
        client here = connect();
        const auto talks = [&] {
            here.call("arm", k);
            what.talk(here);
        };
        const auto told = failure_of(talks);
        if (what.talk == talk_call) count(fate_of(number::first, told));
        if (!told) failure_of([&] { here.call("leave"); });
        ask_while_nobody_serves(here);
        ask_the_next(here);
    }

    /// A connection may still be found to have ended, where it was not used since.
    static void ask_while_nobody_serves(client& here) {
        const auto told = failure_of([&] { here.call("work", 1); });
        require(told.has_value(), "a dead server answered");
        count(fate_of(number::while_nobody_serves, told));
        book_of_calls().alone = true;
    }

    static void ask_the_next(client& here) {
        const auto is_served = [&] {
            const auto told = failure_of([&] { here.call("work", 2); });
            count(fate_of(number::of_the_next, told));
            return !told;
        };
        require(eventually(is_served), "the next server serves nobody");
    }

    static void count(fate what) { ++book_of_calls().fates[static_cast<std::size_t>(what)]; }

    /// Whether the server died at its k-th step; the client must have got on.
    bool server_dies(const conversation& what, int k) {
        auto& log = book_of_calls();
        log.clear();
        const pid_t victim = start([&] { serve(); });
        const pid_t survivor = start([&] { be_client(what, k); });
        const int end = status_of(victim);
        const bool killed = WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL;
        EXPECT_TRUE(killed || end == 0) << "the server failed with status " << end;
        EXPECT_TRUE(eventually([&] { return log.alone.load(); })) << where_of(what, k);
        const pid_t next = start([&] { serve_next(); });
        EXPECT_EQ(status_of(survivor), 0) << where_of(what, k);
        stop(next);
        if (killed) state_histogram::instance().count(shared_last_words().state.data());
        return killed;
    }

    // ---- clients that die

    static std::ptrdiff_t open_files() {
        const std::filesystem::directory_iterator files{"/proc/self/fd"};
        return std::distance(begin(files), end(files));
    }

    /// Serves for all victims, and says whether anything is left of those before who asks.
    void serve_mortals() const {
        server here{where_, {.waiting = wait_mode::sleep}};
        handle_all(here);
        constexpr std::ptrdiff_t opened_once = 4;  // when it is first needed
        std::ptrdiff_t files = 0;
        here.handle("is clean", [&] {
            auto& log = book_of_calls();
            if (here.counts().clients != 1 || log.live != 0 || log.held != log.let_go) return false;
            if (files == 0) files = open_files() + opened_once;
            return open_files() <= files;
        });
        here.serve();
    }

    int status_of_check() const {
        return status_of(start([&] {
            client here = connect();
            require(eventually([&] { return here.call<bool>("is clean"); }), "something is left");
        }));
    }

    bool client_dies(const conversation& what, int k) {
        const int end = status_of(start([&] {
            client here = connect();
            arm(k);
            what.talk(here);
            _exit(0);
        }));
        const bool killed = WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL;
        EXPECT_TRUE(killed || end == 0) << "the client failed with status " << end;
        EXPECT_EQ(status_of_check(), 0) << where_of(what, k);
        if (killed) state_histogram::instance().count(shared_last_words().state.data());
        return killed;
    }

    static std::string where_of(const conversation& what, int k) {
        return "killed at step " + std::to_string(k) + " of a " + what.name + ", before " +
               shared_last_words().state.data();
    }

    void sweep(const conversation& what, const std::function<bool(int)>& dies) const {
        int k = 0;
        while (k < steps_max && !HasFailure() && dies(k)) ++k;
        EXPECT_LT(k, steps_max) << "it does not complete";
        std::cout << k << " points in a " << what.name << ", " << GetParam()->facts().scheme
                  << '\n';
    }

    address_book book_{GetParam()->facts()};
    const std::string where_ = book_.address();  // the same for all processes
};

TEST_P(KillPointsOfServices, OfAServerLetItsClientKnowTheTruth) {
    auto& fates = book_of_calls().fates;
    for (auto& one : fates) one = 0;
    for (const auto& what : conversations) {
        sweep(what, [&](int k) { return server_dies(what, k); });
    }
    // Steps are not the same each time, for the other end runs beside: one sweep may miss some.
    const auto all_met = [&] {
        return std::none_of(fates.begin(), fates.end(), [](const auto& one) { return one == 0; });
    };
    for (int more = 0; more < 20 && !all_met() && !HasFailure(); ++more) {
        sweep(conversations[0], [&](int k) { return server_dies(conversations[0], k); });
    }
    for (std::size_t i = 0; i < fates.size(); ++i) {
        EXPECT_NE(fates[i], 0) << fate_names[i];
        std::cout << fates[i] << " calls: " << fate_names[i] << '\n';
    }
}

TEST_P(KillPointsOfServices, OfAClientLeaveNothingInItsServer) {
    book_of_calls().clear();
    const pid_t survivor = start([&] {
        alarm(0);
        serve_mortals();
    });
    EXPECT_EQ(status_of_check(), 0);
    for (const auto& what : conversations) {
        sweep(what, [&](int k) { return client_dies(what, k); });
    }
    const conversation cancel{"call that is cancelled", talk_and_cancel};
    sweep(cancel, [&](int k) { return client_dies(cancel, k); });
    EXPECT_NE(book_of_calls().let_go, 0);
    stop(survivor);
}

std::vector<const carrier*> swept_carriers() {
    auto all = carriers_with_listeners();
    std::erase_if(all, [](const carrier* one) {
        const std::string_view scheme = one->facts().scheme;
        return scheme != "shm" && scheme != "unix" && scheme != "tcp";
    });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, KillPointsOfServices, ::testing::ValuesIn(swept_carriers()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
