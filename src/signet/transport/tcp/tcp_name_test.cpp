// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_name.hpp>

#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

namespace signet::transport::tcp {
namespace {

using testing::complaint_of;

std::string shown(const std::vector<os::ip_address>& all) {
    std::string text;
    for (const os::ip_address& one : all) text += (text.empty() ? "" : " ") + one.text();
    return text;
}

std::string targets_of(const std::string& where) {
    return shown(tcp_name{"tcp", where}.targets(never));
}

std::string complaint(const std::string& where) {
    return complaint_of([&] { tcp_name("tcp", where).targets(never); });
}

TEST(TcpName, IsANumberOrANameWithAPort) {
    EXPECT_EQ(targets_of("192.0.2.1:80"), "192.0.2.1:80");
    EXPECT_EQ(targets_of("[2001:db8::1]:80"), "[2001:db8::1]:80");
    EXPECT_NE(targets_of("localhost:80").find("127.0.0.1:80"), std::string::npos);
}

TEST(TcpName, WithoutAHostIsAllAddressesToWhoListensAndThisMachineToWhoConnects) {
    for (const char* where : {"*:80", ":80"}) {
        EXPECT_EQ(shown(tcp_name("tcp", where).places(never)), "[::]:80 0.0.0.0:80");
        EXPECT_EQ(targets_of(where), "[::1]:80 127.0.0.1:80");
    }
}

TEST(TcpName, HasATextWithThePortThatTheKernelChose) {
    EXPECT_EQ(tcp_name("tcp", "127.0.0.1:0").text_with(99), "tcp://127.0.0.1:99");
    EXPECT_EQ(tcp_name("tls", "[::1]:0").text_with(99), "tls://[::1]:99");
    EXPECT_EQ(tcp_name("tcp", "*:0").text_with(99), "tcp://*:99");
}

TEST(TcpName, ThatIsNoneSaysWhatIsWrong) {
    EXPECT_NE(complaint("host").find("there is no port"), std::string::npos);
    EXPECT_NE(complaint("host:").find("a port is a number"), std::string::npos);
    EXPECT_NE(complaint("host:65536").find("not '65536'"), std::string::npos);
    EXPECT_NE(complaint("host:80x").find("not '80x'"), std::string::npos);
    EXPECT_NE(complaint("::1:80").find("stands in brackets"), std::string::npos);
    EXPECT_NE(complaint("[::1:80").find("there is no ]"), std::string::npos);
    EXPECT_NE(complaint("[::1]80").find("after ] comes :port"), std::string::npos);
    EXPECT_NE(complaint("[host]:80").find("bad name"), std::string::npos);
    EXPECT_NE(complaint("[]:80").find("bad name"), std::string::npos);
    EXPECT_NE(complaint("a b:80").find("'a b' is no name of a machine"), std::string::npos);
    EXPECT_NE(complaint("300.0.0.1:80").find("bad name"), std::string::npos);
    EXPECT_NE(complaint("").find("write it like tcp://host:4711"), std::string::npos);
}

TEST(TcpName, ToConnectToTakesAPort) {
    EXPECT_NE(complaint("127.0.0.1:0").find("has to name a port"), std::string::npos);
}

TEST(TcpName, VersionsOfIpTakeTurns) {
    const auto all = [](const std::vector<const char*>& texts) {
        std::vector<os::ip_address> parsed;
        for (const char* text : texts) parsed.push_back(os::ip_address::parse(text));
        return parsed;
    };
    EXPECT_EQ(in_turns(all({"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"})),
              all({"::1", "1.1.1.1", "::2", "2.2.2.2", "::3"}));
    EXPECT_EQ(in_turns(all({"1.1.1.1", "::1"})), all({"1.1.1.1", "::1"}));
    EXPECT_TRUE(in_turns({}).empty());
}

}  // namespace
}  // namespace signet::transport::tcp
