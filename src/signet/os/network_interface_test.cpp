// SPDX-License-Identifier: Apache-2.0
#include <signet/os/network_interface.hpp>

#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;

TEST(NetworkInterface, LoopbackIsFoundByNameAndByNumber) {
    EXPECT_EQ(interface_name(interface_index("lo")), "lo");
}

TEST(NetworkInterface, AnUnknownOneSaysWhereTheyAreListed) {
    EXPECT_EQ(complaint_of([] { interface_index("none"); }),
              "cannot find network interface 'none': No such device; `ip link` lists those there "
              "are");
    EXPECT_NE(complaint_of([] { interface_name(1'000'000); }).find("`ip link`"), std::string::npos);
    EXPECT_NE(complaint_of([] { interface_index("a-name-beyond-15-bytes"); }).find("at most 15"),
              std::string::npos);
}

TEST(NetworkInterface, EachCallThatFailsIsAnError) {
    const auto use = [] { interface_name(interface_index("lo")); };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
