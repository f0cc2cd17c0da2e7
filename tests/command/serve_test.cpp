// SPDX-License-Identifier: Apache-2.0
// `signet serve`: its methods are called from this process.
#include "command_run.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace signet::testing {
namespace {

using namespace std::chrono_literals;

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

class ServeTest : public CommandTest {
protected:
    running serve(std::vector<std::string> methods) {
        methods.insert(methods.begin(), {"serve", "shell"});
        return start(std::move(methods));
    }

    static client connect() {
        std::optional<client> found;
        eventually([&] {
            try {
                return found.emplace("shell"), true;
            } catch (const error&) {
                return false;  // not yet
            }
        });
        return std::move(found.value());
    }

    /// A command that says who it is and what it started, and does not end.
    std::string endless() const {
        return "endless=sleep 1000 & echo $$ $! >" + place_.path() + "/new && mv " + place_.path() +
               "/new " + file() + "; wait";
    }

    /// Both, once they run.
    std::vector<int> pids() const {
        std::vector<int> found;
        eventually([&] {
            std::ifstream from{file()};
            found.clear();
            for (int pid = 0; from >> pid;) found.push_back(pid);
            return found.size() == 2;
        });
        return found;
    }

    static bool are_gone(const std::vector<int>& pids) {
        return eventually([&] {
            return std::none_of(pids.begin(), pids.end(), [](int pid) {
                const auto found = os::process::open(pid);
                return found && found->running();
            });
        });
    }

    std::string file() const { return place_.path() + "/pids"; }

    temporary_directory place_;
};

remote_error failure_of(client& of, const char* method) {
    try {
        of.call(method);
    } catch (const remote_error& e) {
        return e;
    }
    throw std::logic_error{"the call did not fail"};
}

// ---- arguments and results ----------------------------------------------------------------------

TEST_F(ServeTest, ArgumentsAreWordsOfTheCommand) {
    const running shell = serve({R"(words=printf '%s|' "$1" "$2" "$3")"});
    client there = connect();
    EXPECT_EQ((there.call<std::string>("words", "a $b", 5, std::vector<int>{1, 2})),
              "a $b|5|[1,2]|");
}

TEST_F(ServeTest, AllArgumentsAreTheInputAsJson) {
    const running shell = serve({"all=printf 'got '; cat"});
    client there = connect();
    EXPECT_EQ((there.call<std::string>("all", "a", 5)), R"(got ["a",5])");
    EXPECT_EQ(there.call<std::string>("all"), "got []");
}

TEST_F(ServeTest, ResultsAreJsonOrText) {
    const running shell =
        serve({"number=echo 5", "map=echo '{\"a\": 1}'", "text=echo a; echo b", "nothing=true"});
    client there = connect();
    EXPECT_EQ(there.call<int>("number"), 5);
    EXPECT_EQ((there.call<std::map<std::string, int>>("map").at("a")), 1);
    EXPECT_EQ(there.call<std::string>("text"), "a\nb");
    EXPECT_FALSE(there.call<std::optional<std::string>>("nothing"));
}

TEST_F(ServeTest, LargeInputAndOutputGoThroughTogether) {
    const running shell = serve({"all=cat"});
    client there = connect();
    const std::string large(100'000, 'x');
    const std::vector<std::string> thrice(3, large);
    EXPECT_EQ((there.call<std::vector<std::string>>("all", large, large, large)), thrice);
}

TEST_F(ServeTest, ACommandThatDoesNotReadItsInputIsServedToo) {
    const running shell = serve({"none=exec <&-; echo done"});
    EXPECT_EQ((connect().call<std::string>("none", std::string(100'000, 'x'))), "done");
}

TEST_F(ServeTest, WhatTheCommandLeftBehindIsNotWaitedFor) {
    const running shell = serve({"left=sleep 1000 & echo early"});
    EXPECT_EQ(connect().call<std::string>("left"), "early");
}

// ---- failures -----------------------------------------------------------------------------------

TEST_F(ServeTest, AStatusIsTheTypeOfTheErrorAndWhatWasSaidItsText) {
    const running shell = serve({"bad=echo out; echo 'oh no' >&2; exit 3", "killed=kill -9 $$"});
    client there = connect();
    const remote_error bad = failure_of(there, "bad");
    EXPECT_EQ(bad.type(), "exited with status 3");
    EXPECT_EQ(bad.text(), "oh no");
    EXPECT_EQ(bad.ran(), ran::yes);
    EXPECT_EQ(failure_of(there, "killed").type(), "killed by signal 9 (Killed)");
}

TEST_F(ServeTest, WhatPrintsWithoutEndIsEnded) {
    const running shell = serve({"flood=yes", "shout=yes >&2 & wait"});
    client there = connect();
    EXPECT_TRUE(mentions(failure_of(there, "flood").text(), "it printed more than"));
    EXPECT_THROW(there.call_for(100ms, "shout"), call_error);
    EXPECT_EQ(failure_of(there, "flood").type(), "killed");  // it serves on
}

TEST_F(ServeTest, ArgumentsThatNoCommandCanBeGivenAreRefused) {
    const running shell = serve({"all=cat"});
    client there = connect();
    for (const std::string& bad : {std::string(200'000, 'x'), std::string("a\0b", 3)}) {
        try {
            there.call("all", bad);
            FAIL();
        } catch (const call_error& e) {
            EXPECT_EQ(e.code(), errc::incompatible_type) << e.what();
            EXPECT_EQ(e.ran(), ran::no);
        }
    }
}

TEST_F(ServeTest, MethodsThatAreNoneAreRefusedAtOnce) {
    const auto complaint = [this](std::vector<std::string> methods) {
        outcome ended = serve(std::move(methods)).wait();
        EXPECT_EQ(ended.status, 1);
        return ended.err;
    };
    EXPECT_TRUE(mentions(complaint({"word"}), "it is to be NAME=COMMAND"));
    EXPECT_TRUE(mentions(complaint({"=x"}), "it is to be NAME=COMMAND"));
    EXPECT_TRUE(mentions(complaint({"signet.x=true"}), "are taken: signet.x"));
    EXPECT_TRUE(mentions(complaint({"a=true", "a=false"}), "two methods called a"));
    EXPECT_EQ(serve({}).wait().status, 2);
}

// ---- ends ---------------------------------------------------------------------------------------

TEST_F(ServeTest, WhoGivesUpHasTheCommandAndAllItStartedKilled) {
    const running shell = serve({endless()});
    client there = connect();
    std::stop_source enough;
    std::jthread calling{
        [&] { EXPECT_THROW(there.call_with({never, enough.get_token()}, "endless"), call_error); }};
    const std::vector<int> both = pids();
    enough.request_stop();
    EXPECT_TRUE(are_gone(both));
}

TEST_F(ServeTest, TheDeadlineOfACallKillsItsCommand) {
    const running shell = serve({endless()});
    client there = connect();
    EXPECT_TRUE(eventually([&, limit = 50ms]() mutable {
        EXPECT_THROW(there.call_for(limit *= 2, "endless"), call_error);
        return static_cast<bool>(std::ifstream{file()});  // it was given time to begin
    }));
    EXPECT_TRUE(are_gone(pids()));
}

TEST_F(ServeTest, CtrlCEndsItInOrderAndTheCommandsWithIt) {
    for (const int number : {SIGINT, SIGTERM}) {
        running shell = serve({endless()});
        client there = connect();
        auto calling = there.async_call("endless");
        const std::vector<int> both = pids();
        shell.signal(number);
        EXPECT_EQ(shell.wait().status, 0);
        EXPECT_TRUE(are_gone(both));
        EXPECT_THROW(calling.get(), call_error);
        std::remove(file().c_str());
    }
}

TEST_F(ServeTest, AProgramServesWhoStartedIt) {
    setenv("SIGNET_ADD", "add=expr \"$1\" + \"$2\"", 1);
    client there{"exec:sh -c 'exec $SIGNET serve pipe: \"$SIGNET_ADD\"'"};
    EXPECT_EQ((there.call<int>("add", 2, 3)), 5);
}

}  // namespace
}  // namespace signet::testing
