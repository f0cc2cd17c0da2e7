// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_race.hpp>

#include <signet/os/tcp_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>

#include <sys/syscall.h>

namespace signet::transport::tcp {
namespace {

using namespace std::chrono_literals;
using os::ip_address;
using testing::complaint_of;
using testing::scripted_kernel;

const ip_address loopback = ip_address::loopback(os::ip_version::v4);

class TcpRace : public ::testing::Test {
protected:
    os::tcp_listener there_{loopback};
    ip_address open_ = there_.local_address();
    ip_address closed_ = os::tcp_listener{loopback}.local_address();
};

TEST_F(TcpRace, IsWonByTheOnlyOne) {
    EXPECT_EQ(connect_to_first("x", {open_}, never).peer_address(), open_);
}

TEST_F(TcpRace, GoesOnWhereOneIsRefused) {
    EXPECT_EQ(connect_to_first("x", {closed_, closed_, open_}, never).peer_address(), open_);
}

TEST_F(TcpRace, GoesOnWhereOneIsUnreachable) {
    scripted_kernel script;
    script.fail(SYS_connect, ENETUNREACH);
    EXPECT_EQ(connect_to_first("x", {closed_, open_}, never).peer_address(), open_);
}

// A socket that was never connected to anything is not writable before its deadline: as silent as a
// machine that is not there.
TEST_F(TcpRace, StartsTheNextBesideOneThatSaysNothing) {
    os::tcp_listener full{loopback, {.backlog = 0}};
    std::vector<os::tcp_socket> waiting;
    const ip_address silent = full.local_address();
    while (complaint_of([&] { waiting.push_back(os::tcp_socket::connect(silent, after(50ms))); }) ==
           "no error")
        continue;
    EXPECT_EQ(connect_to_first("x", {silent, open_}, never).peer_address(), open_);
    const std::string text =
        complaint_of([&] { connect_to_first("tcp://far:1", {silent}, after(20ms)); });
    EXPECT_NE(text.find("'tcp://far:1': Connection timed out; nothing answers there"),
              std::string::npos)
        << text;
}

TEST_F(TcpRace, LostByAllTellsWhatBecameOfEach) {
    EXPECT_EQ(complaint_of([&] { connect_to_first("tcp://h:1", {closed_, closed_}, never); }),
              "cannot connect to 'tcp://h:1': Connection refused; none of its addresses: " +
                  closed_.text() + " (Connection refused), " + closed_.text() +
                  " (Connection refused)");
    EXPECT_NE(complaint_of([&] {
                  connect_to_first("x", {closed_}, never);
              }).find("nobody listens at that port"),
              std::string::npos);
}

TEST_F(TcpRace, OfManyLeavesNoDescriptorOpen) {
    const int before = testing::open_descriptors();
    const std::vector<ip_address> many(20, closed_);
    complaint_of([&] { connect_to_first("x", many, never); });
    EXPECT_EQ(testing::open_descriptors(), before);
}

}  // namespace
}  // namespace signet::transport::tcp
