// SPDX-License-Identifier: Apache-2.0
#include <signet/os/replace_file.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <optional>
#include <string>
#include <vector>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_as_nobody;
using testing::exit_code_in_small_tmpfs;
using testing::fail_each_call;
using testing::kill_before_each_call;
using testing::scripted_kernel;
using testing::temporary_directory;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class ReplaceFileTest : public ::testing::Test {
protected:
    void replace(const std::string& text, durability wanted = durability::process_crash) {
        replace_file(path_, std::as_bytes(std::span{text}), wanted);
    }
    std::optional<std::string> content() { return read_file(path_, 100); }
    std::size_t names() { return directory::open(root_.path()).list().size(); }

    temporary_directory root_;
    std::string path_ = root_.path() + "/settings";
    std::string left_ = root_.path() + "/.settings.0.new";
};

TEST_F(ReplaceFileTest, TheNameHasTheNewContentAndNothingIsBeside) {
    replace("old and long");
    replace("new", durability::host_crash);
    EXPECT_EQ(content(), "new");
    EXPECT_EQ(names(), 1U);
    EXPECT_EQ(file::open(path_).facts().mode, 0600U);
}

TEST_F(ReplaceFileTest, WhoHasTheOldOneOpenKeepsIt) {
    replace("old");
    const file reader = file::open(path_, file_access::read_only);
    replace("new");
    std::string text(3, '-');
    EXPECT_EQ(reader.read_at(0, std::as_writable_bytes(std::span{text})), 3U);
    EXPECT_EQ(text, "old");
    EXPECT_FALSE(reader.is_at(path_));
}

TEST_F(ReplaceFileTest, WhoDiesLeavesOldOrNewAndTheNextOneTidiesUp) {
    replace("old");
    const int deaths = kill_before_each_call(
        [&] { replace("new", durability::host_crash); },
        [&] {
            EXPECT_TRUE(content() == "old" || content() == "new") << content().value_or("none");
            EXPECT_LE(names(), 2U);
            replace("old");
            EXPECT_EQ(names(), 1U);
        });
    EXPECT_GE(deaths, 10);
}

TEST_F(ReplaceFileTest, OneThatIsAtWorkIsLeftAlone) {
    const file other = file::create(left_);
    const auto lock = file_lock::try_take(other, lock_kind::exclusive);
    replace("new");
    EXPECT_EQ(content(), "new");
    EXPECT_TRUE(other.is_at(left_));
}

TEST_F(ReplaceFileTest, TooManyAtOnceIsAnError) {
    std::vector<file> others;
    std::vector<file_lock> locks;
    for (int i = 0; i < 64; ++i) {
        const std::string name = root_.path() + "/.settings." + std::to_string(i) + ".new";
        others.push_back(file::create(name));
        locks.push_back(file_lock::take(others.back(), lock_kind::exclusive));
    }
    EXPECT_TRUE(contains(complaint_of([&] { replace("new"); }), "64 processes are replacing it"));
}

TEST_F(ReplaceFileTest, AFullDiskLeavesTheOldContentAndNothingBeside) {
    const int code = exit_code_in_small_tmpfs(root_.path(), 65536, [&] {
        replace("old");
        const bool full = contains(complaint_of([&] { replace(std::string(200000, 'x')); }),
                                   "No space left on device; make room");
        return full && content() == "old" && names() == 1 ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(ReplaceFileTest, WithoutRightsTheTextSaysWhatToCheck) {
    const int code = exit_code_as_nobody([&] {
        return contains(complaint_of([&] { replace("new"); }), "check its owner and mode") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(ReplaceFileTest, EachCallThatFailsIsAnErrorAndLeavesNothingBeside) {
    const auto use = [&] {
        remove_file(left_);
        replace("new", durability::host_crash);
    };
    const auto survived = fail_each_call(EIO, use);
    EXPECT_EQ(survived, (std::vector<long>{SYS_close, SYS_flock, SYS_prlimit64}));
    replace("new");
    EXPECT_EQ(names(), 1U);
}

TEST_F(ReplaceFileTest, OneThatWasTakenForLeftIsMadeAnew) {
    scripted_kernel script;
    script.fail(SYS_newfstatat, ENOENT);  // removed between its creation and its lock
    replace("new");
    EXPECT_EQ(content(), "new");
}

}  // namespace
}  // namespace signet::os
