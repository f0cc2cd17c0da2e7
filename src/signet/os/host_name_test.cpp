// SPDX-License-Identifier: Apache-2.0
#include <signet/os/host_name.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;

bool holds_loopback(const std::vector<ip_address>& all) {
    return std::any_of(all.begin(), all.end(), [](const ip_address& one) {
        return one == ip_address::loopback(one.version(), 4711);
    });
}

TEST(HostName, OfThisMachineIsFoundWithThePort) {
    EXPECT_TRUE(holds_loopback(addresses_of("localhost", 4711, after(testing::watchdog))));
}

TEST(HostName, ANumberIsItsOwnAddress) {
    const auto all = addresses_of("127.0.0.9", 80, never);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all.front().text(), "127.0.0.9:80");
}

// Whether a name server says so, or none answers in time, is a matter of where this runs.
TEST(HostName, ThatIsNobodysIsAnErrorThatNamesIt) {
    const std::string text =
        complaint_of([] { addresses_of("no-such-host.invalid", 80, after(2s)); });
    EXPECT_NE(text.find("'no-such-host.invalid'"), std::string::npos) << text;
}

TEST(HostName, ThatTakesTooLongIsLeftAtTheDeadline) {
    const std::string text =
        complaint_of([] { addresses_of("no-such-host.invalid", 80, deadline::min()); });
    EXPECT_NE(text.find("did not answer in time"), std::string::npos) << text;
}

}  // namespace
}  // namespace signet::os
