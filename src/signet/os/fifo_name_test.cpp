// SPDX-License-Identifier: Apache-2.0
#include <signet/os/fifo_name.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::temporary_directory;

class FifoNameTest : public ::testing::Test {
protected:
    FifoNameTest() { mkfifo((root_.path() + "/name").c_str(), 0600); }

    std::string complaint_about(std::string_view name) {
        return complaint_of([&] { fifo_name(place_, name); });
    }
    std::string path(const std::string& name) { return "'" + root_.path() + "/" + name + "'"; }

    temporary_directory root_;
    directory place_ = directory::open(root_.path());
};

TEST_F(FifoNameTest, ItIsTheSamePipeHoweverItsNameMoves) {
    const fifo_name found{place_, "name"};
    EXPECT_TRUE(found.is_at(place_.fd(), "name"));
    place_.rename("name", "moved");
    EXPECT_FALSE(found.is_at(place_.fd(), "name"));
    EXPECT_TRUE(found.is_at(place_.fd(), "moved"));
    const descriptor reading = found.open(O_RDONLY | O_NONBLOCK);
    EXPECT_EQ(fcntl(reading.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_TRUE(reopen_pipe(reading.get(), O_WRONLY | O_NONBLOCK));
}

TEST_F(FifoNameTest, AMissingNameSaysWhoCreatesIt) {
    EXPECT_EQ(complaint_about("none"),
              "cannot find named pipe " + path("none") +
                  ": No such file or directory; its owner creates it first (os::fifo)");
}

TEST_F(FifoNameTest, SomethingElseOfThatNameIsNotUsed) {
    std::ofstream{root_.path() + "/file"};
    symlink("name", (root_.path() + "/link").c_str());
    for (const std::string name : {"file", "link"}) {
        EXPECT_EQ(complaint_about(name), "cannot use as a named pipe " + path(name) +
                                             ": File exists; the name is taken by something else");
    }
}

TEST_F(FifoNameTest, WithoutRightsToOpenTheTextSaysWhatToCheck) {
    chmod(root_.path().c_str(), 0755);
    const auto without_rights = [&] {
        syscall(SYS_setuid, 65534);
        const std::string text =
            complaint_of([&] { fifo_name(place_, "name").open(O_RDONLY | O_NONBLOCK); });
        return text.ends_with("Permission denied; check its owner and mode") ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(without_rights), 0);
}

TEST_F(FifoNameTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        const descriptor reading = fifo_name(place_, "name").open(O_RDONLY | O_NONBLOCK);
        reopen_pipe(reading.get(), O_RDONLY | O_NONBLOCK);
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
