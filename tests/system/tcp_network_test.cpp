// SPDX-License-Identifier: Apache-2.0
// Channels over TCP between two machines, as far as the kernel is concerned, whose cable is pulled
// and put back.
#include "two_hosts.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <system_error>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

class TwoMachines : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "making network namespaces takes root";
        try {
            hosts_.emplace();
        } catch (const std::system_error& why) {
            GTEST_SKIP() << "no two network namespaces with a veth pair here: " << why.what();
        }
        hosts_->go_to(two_hosts::left);
        door_.emplace("tcp://*:4711");
        meet();
    }

    void meet() {
        auto client = std::async(std::launch::async, [&] {
            hosts_->go_to(two_hosts::right);
            return raw_channel{"tcp://" + two_hosts::address(two_hosts::left) + ":4711"};
        });
        server_ = door_->accept();
        client_ = client.get();
    }

    std::optional<two_hosts> hosts_;
    std::optional<raw_listener> door_;
    std::optional<raw_channel> server_;
    std::optional<raw_channel> client_;
};

TEST_F(TwoMachines, KnowEachOthersAddresses) {
    EXPECT_EQ(server_->peer().address.find("10.99.0.2:"), 0u) << server_->peer().address;
    EXPECT_EQ(client_->peer().address, "10.99.0.1:4711");
}

constexpr int messages = 20'000;

void send_all(raw_channel& line) {
    for (int i = 0; i < messages; ++i)
        line.send(bytes_of(std::to_string(i) + std::string(500, ' ')));
    line.end_sending();
}

// The number of the first message that is not the next one, or was torn.
int first_wrong(raw_channel& line, int next, std::chrono::nanoseconds limit) {
    while (auto got = line.receive_for(limit)) {
        if (text_of(got->bytes) != std::to_string(next) + std::string(500, ' ')) return next;
        ++next;
    }
    return next;
}

TEST_F(TwoMachines, LoseNothingAndRepeatNothingWhenTheCableIsPulledAndPutBack) {
    auto sending = std::async(std::launch::async, [&] { send_all(*client_); });
    server_->receive();
    hosts_->pull();
    const int before = first_wrong(*server_, 1, 100ms);
    EXPECT_FALSE(server_->ended());
    hosts_->put_back();
    EXPECT_EQ(first_wrong(*server_, before, 60s), messages);
    EXPECT_TRUE(server_->ended());
    sending.get();
}

TEST_F(TwoMachines, GiveUpAtTheirDeadlinesWhileTheCableIsPulled) {
    hosts_->pull();
    while (server_->try_send(bytes_of(std::string(10'000, 'x')))) continue;
    EXPECT_FALSE(server_->send_for(bytes_of("x"), 5ms));
    EXPECT_FALSE(client_->receive_for(5ms));
    const std::string text = complaint_of([&] {
        raw_channel{"tcp://" + two_hosts::address(two_hosts::right) + ":1",
                    {.handshake_limit = 50ms}};
    });
    EXPECT_NE(text.find("nothing answers there"), std::string::npos) << text;
}

bool repeats_are_limited(const two_hosts& hosts) {
    hosts.go_to(two_hosts::left);
    const os::descriptor any{socket(AF_INET, SOCK_STREAM, 0)};
    const int milliseconds = 2000;
    return setsockopt(any.get(), IPPROTO_TCP, 44, &milliseconds, sizeof milliseconds) == 0;
}

// About half a minute, which is the kernel's.
TEST_F(TwoMachines, EachLearnThatTheOtherIsOutOfReach) {
    if (!repeats_are_limited(*hosts_)) GTEST_SKIP() << "takes Linux 6.15, or 15 minutes";
    hosts_->pull();
    server_->send(bytes_of("under way"));
    auto idle =
        std::async(std::launch::async, [&] { return complaint_of([&] { client_->receive(); }); });
    const std::string one = complaint_of([&] { server_->receive(); });
    EXPECT_NE(one.find("the peer is gone; the peer answers no more"), std::string::npos) << one;
    const std::string other = idle.get();
    EXPECT_NE(other.find("the peer is gone; the peer answers no more"), std::string::npos) << other;
}

}  // namespace
}  // namespace signet::tests
