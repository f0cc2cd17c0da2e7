// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_cookie.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace signet::transport::udp {
namespace {

using namespace std::chrono_literals;

// From the reference implementation: key 00 01 .. 0f, message of so many bytes 00 01 02 ...
TEST(SipHash, IsThatOfItsAuthors) {
    const std::array<std::uint64_t, 2> key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::vector<std::byte> message;
    const auto next = [&] { message.push_back(static_cast<std::byte>(message.size())); };
    EXPECT_EQ(siphash(key, message), 0x726fdb47dd0e0e31u);
    next();
    EXPECT_EQ(siphash(key, message), 0x74f839c593dc67fdu);
    while (message.size() < 8) next();
    EXPECT_EQ(siphash(key, message), 0x93f5f5799a932462u);
    while (message.size() < 15) next();
    EXPECT_EQ(siphash(key, message), 0xa129ca6149be45e5u);
}

class Cookies : public ::testing::Test {
protected:
    const cookie_jar jar_;
    const os::ip_address peer_ = os::ip_address::parse("192.0.2.1:4711");
    const clock::time_point now_ = clock::now();
    const std::uint64_t cookie_ = jar_.cookie_for(peer_, 77, now_);
};

TEST_F(Cookies, AreGoodForThePeerAndTheConversationTheyWereGivenFor) {
    EXPECT_TRUE(jar_.gave(cookie_, peer_, 77, now_));
    EXPECT_FALSE(jar_.gave(cookie_ + 1, peer_, 77, now_));
    EXPECT_FALSE(jar_.gave(cookie_, peer_, 78, now_));
    EXPECT_FALSE(jar_.gave(cookie_, peer_.with_port(4712), 77, now_));
    EXPECT_FALSE(jar_.gave(cookie_, os::ip_address::parse("192.0.2.2:4711"), 77, now_));
}

TEST_F(Cookies, AreGoodForSomeTime) {
    EXPECT_TRUE(jar_.gave(cookie_, peer_, 77, now_ + cookie_jar::good_for));
    EXPECT_FALSE(jar_.gave(cookie_, peer_, 77, now_ + 2 * cookie_jar::good_for));
}

TEST_F(Cookies, OfAnotherListenerAreNoGood) {
    EXPECT_FALSE(cookie_jar{}.gave(cookie_, peer_, 77, now_));
}

}  // namespace
}  // namespace signet::transport::udp
