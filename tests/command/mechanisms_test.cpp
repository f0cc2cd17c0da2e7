// SPDX-License-Identifier: Apache-2.0
// `signet tour mechanisms` and `signet advise`, as users run them.
#include "command_run.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace signet::testing {
namespace {

using nlohmann::json;

// By each, a system call that its exchange cannot do without.
const std::map<std::string, std::string> mechanisms{
    {"file", "inotify_add_watch"},
    {"mapped file", "msync|mmap"},
    {"signal", "signalfd"},
    {"anonymous pipe", "pipe2"},
    {"named pipe", "mknod"},
    {"tcp", "accept4"},
    {"udp", "sendto|sendmsg"},
    {"udp multicast", "IP_ADD_MEMBERSHIP|MCAST_JOIN_GROUP"},
    {"unix stream", "SOCK_STREAM"},
    {"unix seqpacket", "SOCK_SEQPACKET"},
    {"unix datagram", "SOCK_DGRAM"},
    {"posix mq", "mq_timedsend"},
    {"sysv mq", "msgsnd"},
    {"posix shm", "/dev/shm"},
    {"memfd", "memfd_create"},
    {"sysv shm", "shmat"},
    {"event", "eventfd2"},
    // A seat in a region is a lock on a byte of its file.
    {"mutex", "F_OFD_SETLK"},
    {"shared mutex", "F_OFD_SETLK"},
    {"semaphore", "F_OFD_SETLK"},
    {"condition variable", "FUTEX_WAKE|futex_wake"},
    {"barrier", "F_OFD_SETLK"},
    {"sync event", "F_OFD_SETLK"},
    {"once flag", "F_OFD_SETLK"},
    {"file lock", "LOCK_EX"},
    {"shared object", "F_OFD_SETLK"},
    {"structure", "F_OFD_SETLK"},
};

/// Whether `text` has one of the words, which a '|' separates.
bool has_one_of(const std::string& text, const std::string& words) {
    std::istringstream each{words};
    for (std::string word; std::getline(each, word, '|');) {
        if (text.find(word) != std::string::npos) return true;
    }
    return false;
}

struct CommandMechanismsTest : CommandTest {};

TEST_F(CommandMechanismsTest, EachOneWorksAndTellsAllFields) {
    const outcome ended = run({"tour", "mechanisms", "--quick", "--json"});
    ASSERT_EQ(ended.status, 0) << ended.out << ended.err;
    std::set<std::string> names;
    for (const json& one : json::parse(ended.out)) {
        names.insert(one["mechanism"]);
        EXPECT_EQ(one["ok"], true) << one;
        EXPECT_GT(one["messages"], 1) << one;
        EXPECT_GT(one["round_trip_p50_ns"], 0) << one;
        EXPECT_GT(one["stream_bytes_per_s"], 0) << one;
        for (const char* text :
             {"header", "direction", "persistence", "killed_peer_leaves", "use_when"}) {
            EXPECT_FALSE(one[text].get<std::string>().empty()) << text << one;
        }
    }
    for (const auto& [name, call] : mechanisms) EXPECT_TRUE(names.contains(name)) << name;
}

TEST_F(CommandMechanismsTest, AreReadByPeople) {
    const outcome ended = run({"tour", "mechanisms", "--quick", "--case", "anonymous pipe"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    for (const char* text :
         {"anonymous pipe", "signet/os/pipe.hpp", "round trip", "a killed peer leaves"}) {
        EXPECT_NE(ended.out.find(text), std::string::npos) << text << '\n' << ended.out;
    }
}

TEST_F(CommandMechanismsTest, OneThatDoesNotExistIsAnsweredWithTheNames) {
    const outcome ended = run({"tour", "mechanisms", "--case", "pigeon"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("no such case; there are file, mapped file"), std::string::npos)
        << ended.err;
}

struct MechanismSeenFromOutside
    : CommandTest,
      ::testing::WithParamInterface<std::pair<const std::string, std::string>> {
    static std::string name_of(const ::testing::TestParamInfo<ParamType>& info) {
        std::string name = info.param.first;
        std::replace(name.begin(), name.end(), ' ', '_');
        return name;
    }
};

INSTANTIATE_TEST_SUITE_P(, MechanismSeenFromOutside, ::testing::ValuesIn(mechanisms),
                         MechanismSeenFromOutside::name_of);

TEST_P(MechanismSeenFromOutside, MakesTheCallsOfTheKernel) {
    const auto& [name, call] = GetParam();
    const outcome ended =
        start_shell("strace -f -qq $SIGNET tour mechanisms --quick --json --case '" + name + "'")
            .wait();
    ASSERT_EQ(ended.status, 0) << ended.out;
    EXPECT_TRUE(has_one_of(ended.err, call)) << call << " is not among the calls of " << name;
}

// ---- signet advise
// --------------------------------------------------------------------------------

struct advised {
    std::vector<std::string> needs;
    std::string mechanism;
};

struct CommandAdviseTest : CommandTest, ::testing::WithParamInterface<advised> {};

INSTANTIATE_TEST_SUITE_P(
    , CommandAdviseTest,
    ::testing::Values(advised{{"--bytes", "48", "--rate", "100000"}, "topic"},
                      advised{{"--bytes", "4194304", "--rate", "30", "--readers", "3"}, "topic"},
                      advised{{"--survives", "reboot"}, "file"},
                      advised{{"--other-machine"}, "tcp"},
                      advised{{"--untrusted"}, "unix seqpacket"},
                      advised{{"--untrusted", "--bytes", "1000000"}, "unix stream"},
                      advised{{"--shell"}, "named pipe"},
                      advised{{"--survives", "crash"}, "posix mq"}));

TEST_P(CommandAdviseTest, NamesOneWithFiguresOfThisMachineAndCode) {
    std::vector<std::string> arguments{"advise", "--quick", "--json"};
    arguments.insert(arguments.end(), GetParam().needs.begin(), GetParam().needs.end());
    const outcome ended = run(arguments);
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json told = json::parse(ended.out);
    const json& advice = told["advice"];
    EXPECT_EQ(advice["mechanism"], GetParam().mechanism) << told;
    EXPECT_EQ(advice["ok"], true) << advice;
    EXPECT_GT(advice["round_trip_p50_ns"], 0);
    EXPECT_GT(advice["msgs_per_s"], 0);
    EXPECT_TRUE(told["missing"].empty()) << told["missing"];
    EXPECT_NE(told["code"].get<std::string>().find("int main"), std::string::npos);
}

struct CommandAdvice : CommandTest {};

TEST_F(CommandAdvice, WhereNoOneServesItNamesTwo) {
    const outcome ended = run({"advise", "--quick", "--other-machine", "--survives", "reboot"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    for (const char* text : {"Take: ", "But: ", "For that, add: "}) {
        EXPECT_NE(ended.out.find(text), std::string::npos) << ended.out;
    }
}

TEST_F(CommandAdvice, WhatIsNoNeedIsWrongUsage) {
    EXPECT_EQ(run({"advise", "--survives", "doomsday"}).status, 2);
    EXPECT_EQ(run({"advise", "--bytes", "0"}).status, 2);
    EXPECT_EQ(run({"advise", "--rate", "-1"}).status, 2);
}

}  // namespace
}  // namespace signet::testing
