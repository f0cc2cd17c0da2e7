// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/circumstances.hpp>

#include <signet/os/kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::testing {
namespace {

unsigned long bytes_at(const std::string& path) {
    struct statfs system{};
    statfs(path.c_str(), &system);
    return static_cast<unsigned long>(system.f_blocks) * static_cast<unsigned long>(system.f_bsize);
}

TEST(Circumstances, ASmallFileSystemIsTheChildsAlone) {
    const temporary_directory place;
    const unsigned long before = bytes_at(place.path());
    EXPECT_EQ(exit_code_in_small_tmpfs(place.path(), 65536,
                                       [&] { return bytes_at(place.path()) == 65536 ? 3 : 1; }),
              3);
    EXPECT_EQ(bytes_at(place.path()), before);
}

TEST(Circumstances, NobodyIsNotRoot) {
    EXPECT_EQ(exit_code_as_nobody([] { return getuid() == 0 ? 1 : 4; }), 4);
}

TEST(Circumstances, AChildDiesBeforeEachOfItsCalls) {
    int deaths = 0;
    const auto two_calls = [] {
        os::call(SYS_getpid);
        os::call(SYS_getpid);
    };
    EXPECT_EQ(kill_before_each_call(two_calls, [&] { ++deaths; }), 2);
    EXPECT_EQ(deaths, 2);
    EXPECT_TRUE(is_killed_before_call(2, two_calls));
    EXPECT_FALSE(is_killed_before_call(3, two_calls));
}

}  // namespace
}  // namespace signet::testing
