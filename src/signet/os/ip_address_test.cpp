// SPDX-License-Identifier: Apache-2.0
#include <signet/os/ip_address.hpp>

#include <signet/base/error.hpp>
#include <signet/os/network_interface.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

namespace signet::os {
namespace {

using testing::complaint_of;

TEST(IpAddress, WhatIsPrintedIsReadAgain) {
    for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "[::1]:65535", "[2001:db8::7]:1"}) {
        EXPECT_EQ(ip_address::parse(text).text(), text);
        EXPECT_EQ(ip_address::parse(ip_address::parse(text).text()), ip_address::parse(text));
    }
}

TEST(IpAddress, WithoutAPortItIsZero) {
    EXPECT_EQ(ip_address::parse("10.1.2.3").port(), 0);
    EXPECT_EQ(ip_address::parse("::1").text(), "[::1]:0");
    EXPECT_EQ(ip_address::parse("[::1]").text(), "[::1]:0");
}

TEST(IpAddress, ItKnowsItsVersionAndPortAndWhetherItIsAGroup) {
    const ip_address v4 = ip_address::parse("239.1.2.3:7");
    EXPECT_EQ(v4.version(), ip_version::v4);
    EXPECT_TRUE(v4.is_multicast());
    EXPECT_EQ(v4.with_port(8).port(), 8);
    EXPECT_EQ(v4.host_text(), "239.1.2.3");
    EXPECT_EQ(ip_address::parse("ff02::1").version(), ip_version::v6);
    EXPECT_TRUE(ip_address::parse("ff02::1").is_multicast());
    EXPECT_FALSE(ip_address::loopback(ip_version::v6).is_multicast());
    EXPECT_FALSE(ip_address::any(ip_version::v4, 9).is_multicast());
}

TEST(IpAddress, AnAddressOfOneInterfaceNamesIt) {
    const ip_address address = ip_address::parse("[fe80::1%lo]:80");
    EXPECT_EQ(address.interface(), interface_index("lo"));
    EXPECT_EQ(address.text(), "[fe80::1%lo]:80");
    EXPECT_EQ(ip_address::parse("127.0.0.1").interface(), 0);
}

TEST(IpAddress, AnUnknownInterfaceSaysWhereTheyAreListed) {
    EXPECT_EQ(complaint_of([] { ip_address::parse("[fe80::1%none]:80"); }),
              "cannot find network interface 'none': No such device; `ip link` lists those there "
              "are");
}

TEST(IpAddress, AnythingElseIsAnErrorThatShowsHowToWriteIt) {
    for (const char* text : {"", "localhost:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
                             "1.2.3", "1.2.3.4.5:1", "[127.0.0.1]:80", "[::1", "[::1]80", "::g",
                             "127.0.0.1%lo:80", "[::1]:-1", "256.1.1.1", ":80", "[]:80"}) {
        EXPECT_EQ(complaint_of([&] { ip_address::parse(text); }).find("cannot read address"), 0)
            << text;
    }
    EXPECT_NE(complaint_of([&] { ip_address::parse("x"); }).find("write it like 127.0.0.1:80"),
              std::string::npos);
}

TEST(IpAddress, WhatTheKernelSaysIsChecked) {
    const ip_address v6 = ip_address::parse("[::1]:80");
    EXPECT_EQ(ip_address::from_kernel(v6.data(), v6.size()), v6);
    EXPECT_THROW(ip_address::from_kernel(v6.data(), 4), error);
    EXPECT_THROW(ip_address::from_kernel(nullptr, 0), error);
}

}  // namespace
}  // namespace signet::os
