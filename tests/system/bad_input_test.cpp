// SPDX-License-Identifier: Apache-2.0
// Whatever the user or the machine gets wrong is an error that says what, and what to do about it.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

namespace signet::tests {
namespace {

using testing::complaint_of;
using testing::watchdog;

struct other_message {
    std::uint64_t author;
    std::uint32_t number;
};

void expect_says(const std::string& complaint, const std::string& words) {
    EXPECT_NE(complaint.find(words), std::string::npos) << complaint;
}

class BadInput : public ::testing::Test {
protected:
    std::string publish_complaint(const std::string& name) {
        return complaint_of([&] { publisher<small_message>{name}; });
    }
    std::string context_complaint(const std::string& directory) {
        return complaint_of([&] { context{{.directory = directory}}; });
    }

    own_rendezvous place_;
};

TEST_F(BadInput, ABadNameIsShownWithTheRule) {
    expect_says(publish_complaint(""), "name");
    expect_says(publish_complaint(".."), "..");
    expect_says(publish_complaint("a/../b"), "..");
    expect_says(publish_complaint("a//b"), "extra '/'");
    expect_says(publish_complaint(std::string(300, 'x')), "200");
    expect_says(complaint_of([] { subscriber<small_message>{"a b"}; }), "a b");
}

TEST_F(BadInput, AWrongTypeIsShownFieldByField) {
    const context here{};
    const publisher<other_message> out{here, "t"};
    subscriber<small_message> in{context{}, "t"};
    expect_says(complaint_of([&] { in.receive_for(watchdog); }), "number");
}

TEST_F(BadInput, ADirectoryOfAnotherUserIsNotUsed) {
    if (geteuid() != 0) GTEST_SKIP() << "takes root";
    const testing::temporary_directory theirs;
    ASSERT_EQ(chown(theirs.path().c_str(), 12345, 12345), 0);
    const std::string complaint = context_complaint(theirs.path());
    expect_says(complaint, "belongs to user 12345");
    expect_says(complaint, "set SIGNET_DIR");
}

TEST_F(BadInput, ADirectoryThatLetsOthersInIsNotUsed) {
    const testing::temporary_directory open;
    ASSERT_EQ(chmod(open.path().c_str(), 0755), 0);
    expect_says(context_complaint(open.path()), "chmod 700");
}

TEST_F(BadInput, ADirectoryThatCannotBeMadeIsNamed) {
    expect_says(context_complaint("/proc/signet"), "/proc/signet");
    expect_says(context_complaint("/dev/null"), "/dev/null");
}

TEST_F(BadInput, ADirectoryThatCannotBeWrittenIsNamed) {
    const int code = testing::exit_code_of_forked([&] {
        const testing::temporary_directory locked;
        if (chown(locked.path().c_str(), 12345, 12345) != 0 || seteuid(12345) != 0) return 0;
        chmod(locked.path().c_str(), 0500);
        const std::string complaint = context_complaint(locked.path());
        return complaint.find(locked.path()) != std::string::npos &&
                       complaint.find("ermission") != std::string::npos
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(BadInput, AMessageOverTheLimitOfSegmentsIsAnErrorOfTheOption) {
    expect_says(
        complaint_of([] { publisher<large_message>{"t", {.depth = std::uint64_t{1} << 40}}; }),
        "depth is at most 16777216");
}

TEST_F(BadInput, OutOfDescriptorsSaysWhatToRaiseAndWhatRunsGoesOn) {
    const context here{};
    publisher<small_message> out{here, "t"};
    subscriber<small_message> in{here, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({});
    ASSERT_TRUE(in.receive_for(watchdog)) << "both ends have opened all they need";
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit tight{static_cast<rlim_t>(testing::open_descriptors()) + 2, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    const std::string complaint = complaint_of([&] { publisher<small_message>{here, "u"}; });
    out.publish({});
    const bool received = bool{in.receive_for(watchdog)};
    setrlimit(RLIMIT_NOFILE, &before);
    expect_says(complaint, "ulimit -n");
    EXPECT_TRUE(received);
}

TEST_F(BadInput, OutOfDescriptorsAtEachCallLeaksNoneAndSaysWhatToRaise) {
    const context here{{.drive = drive::manual}};
    testing::fail_each_call(EMFILE, [&] { publisher<small_message>{here, "t"}; });
    testing::fail_each_call(EMFILE, [&] { subscriber<small_message>{here, "u"}; });
}

TEST_F(BadInput, OutOfMemoryAtEachCallIsAnErrorAndLeaksNothing) {
    const context here{{.drive = drive::manual}};
    testing::fail_each_call(ENOMEM, [&] { publisher<large_message>{here, "t"}; });
    testing::fail_each_call(ENOMEM, [&] { subscriber<large_message>{here, "u"}; });
}

TEST_F(BadInput, OutOfMemoryForAChunkIsAnErrorAndTheNextLoanWorks) {
    publisher<large_message> out{context{}, "t"};
    {
        testing::scripted_kernel script;
        script.fail(SYS_fallocate, ENOMEM);
        expect_says(complaint_of([&] { out.loan(); }), "free memory");
    }
    EXPECT_TRUE(out.loan());
}

TEST_F(BadInput, OutOfAddressSpaceIsAnError) {
    const int code = testing::exit_code_of_forked([] {
        const context here{};
        const rlimit tight{std::uint64_t{64} << 20, std::uint64_t{64} << 20};
        setrlimit(RLIMIT_AS, &tight);
        const auto complaint =
            complaint_of([&] { publisher<large_message>{here, "t", {.depth = 1 << 20}}; });
        return complaint.find("ulimit -v") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signet::tests
