// SPDX-License-Identifier: Apache-2.0
// UDP between two machines, as far as the kernel is concerned, whose cable is pulled and put back:
// conversations, and a topic on multicast.
#include "two_hosts.hpp"

#include <signet/context.hpp>
#include <signet/listener.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <optional>
#include <system_error>
#include <thread>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::eventually;
using testing::text_of;

class TwoMachinesByUdp : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "making network namespaces takes root";
        try {
            hosts_.emplace();
        } catch (const std::system_error& why) {
            GTEST_SKIP() << "no two network namespaces with a veth pair here: " << why.what();
        }
        hosts_->go_to(two_hosts::left);
    }

    std::optional<two_hosts> hosts_;
};

TEST_F(TwoMachinesByUdp, TalkAndGoOnWhenTheCableIsBack) {
    raw_listener door{"udp://*:4711"};
    auto connecting = std::async(std::launch::async, [&] {
        hosts_->go_to(two_hosts::right);
        return raw_channel{"udp://" + two_hosts::address(two_hosts::left) + ":4711"};
    });
    auto server = door.accept();
    raw_channel client = connecting.get();
    client.send(bytes_of("hello"));
    EXPECT_EQ(text_of(server->receive()->bytes), "hello");
    EXPECT_EQ(server->peer().address.find("10.99.0.2:"), 0u) << server->peer().address;
    hosts_->pull();
    EXPECT_FALSE(server->receive_for(2ms));
    EXPECT_FALSE(server->ended());
    hosts_->put_back();
    EXPECT_TRUE(eventually([&] {
        client.send(bytes_of("again"));
        return server->receive_for(1ms).has_value();
    }));
}

struct reading {
    std::uint64_t number;
};

// Each end's relay is a thread that its context starts: it is where that was made.
TEST_F(TwoMachinesByUdp, ShareATopic) {
    testing::temporary_directory directory;
    const std::string group = "udp://239.1.2.3%cable:7000";
    const context left{{.directory = directory.path() + "/left"}};
    publisher<reading> out{left, group};
    std::atomic<int> heard{0};
    std::jthread other{[&](const std::stop_token& stop) {
        hosts_->go_to(two_hosts::right);
        const context right{{.directory = directory.path() + "/right"}};
        subscriber<reading> in{right, group};
        while (in.receive(stop)) ++heard;
    }};
    auto is_heard_again = [&, number = std::uint64_t{0}]() mutable {
        const int before = heard;
        return eventually([&] { return out.publish({number++}), heard > before; });
    };
    EXPECT_TRUE(is_heard_again());
    hosts_->pull();
    for (int i = 0; i < 10; ++i) out.publish({0});
    hosts_->put_back();
    EXPECT_TRUE(is_heard_again());
}

void publish_for_ever(const std::string& group) {
    const testing::temporary_directory directory;
    const context own{{.directory = directory.path()}};
    publisher<reading> out{own, group};
    for (std::uint64_t i = 0;; ++i) {
        out.publish({i});
        std::this_thread::yield();
    }
}

TEST(ATopicByUdp, IsSilentWhereItsPublisherWasKilled) {
    const std::string group =
        "udp://239.255.88.88%lo:" + std::to_string(10'000 + getpid() % 50'000);
    testing::forked_peer victim{[&] { return publish_for_ever(group), 0; }};
    const testing::temporary_directory directory;
    const context own{{.directory = directory.path()}};
    subscriber<reading> in{own, group};
    EXPECT_TRUE(in.receive());
    victim.kill();
    EXPECT_TRUE(eventually([&] {
        while (in.try_receive()) continue;
        const auto event = in.try_event();
        return event && event->reason.find("silent") != std::string::npos;
    }));
}

}  // namespace
}  // namespace signet::tests
