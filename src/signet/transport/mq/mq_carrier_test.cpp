// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/mq/mq_carrier.hpp>

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/posix_queue.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/mq/mq_medium.hpp>
#include <signet/transport/mq/mq_name.hpp>

#include <gtest/gtest.h>

#include <mqueue.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <optional>
#include <vector>

namespace signet::transport::mq {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::text_of;

class MqCarrier : public ::testing::Test {
protected:
    ~MqCarrier() override { mq_unlink(name_.c_str()); }  // which killed listeners leave

    const std::string name_ = "/signet-mq-test-" + std::to_string(getpid());
    const std::string where_ = "mq://" + name_;
    const channel_options small_{.message_bytes_max = 100};

    std::pair<raw_channel, raw_channel> meet(raw_listener& door) {
        auto client =
            std::async(std::launch::async, [this] { return raw_channel{where_, small_}; });
        auto server = door.accept();
        return {client.get(), std::move(*server)};
    }
};

bool is_there(const std::string& name) {
    try {
        os::posix_queue::open(name);
        return true;
    } catch (const error&) {
        return false;
    }
}

TEST_F(MqCarrier, LeavesNoNames) {
    {
        raw_listener door{where_, small_};
        auto [client, server] = meet(door);
        EXPECT_TRUE(is_there(name_));
        // Others of this system that connect have it for a moment.
        EXPECT_TRUE(testing::eventually([] { return !is_there(passing_name()); }));
    }
    EXPECT_FALSE(is_there(name_));
}

// The kernel counts the queues of a user: what killed clients had is given back.
TEST_F(MqCarrier, KilledClientsLeaveNoQueues) {
    raw_listener door{where_};
    for (int i = 0; i < 40; ++i) {
        forked_peer client{[&] {
            const raw_channel line{where_};
            return testing::wait_to_be_killed(), 0;
        }};
        auto server = door.accept();
        client.kill();
        EXPECT_NE(complaint_of([&] { server->receive(); }).find("ended without"),
                  std::string::npos);
    }
    // Others of this system that connect have it for a moment.
    EXPECT_TRUE(testing::eventually([] { return !is_there(passing_name()); }));
}

TEST_F(MqCarrier, KilledListenersLeaveANameThatTheNextTakesOver) {
    for (int i = 0; i < 10; ++i) {
        forked_peer server{[&] {
            raw_listener door{where_};
            auto line = door.accept();
            return testing::wait_to_be_killed(), 0;
        }};
        std::optional<raw_channel> client;
        testing::eventually(
            [&] { return complaint_of([&] { client.emplace(where_); }) == "no error"; });
        server.kill();
        EXPECT_NE(complaint_of([&] { client->receive(); }).find("ended without"),
                  std::string::npos);
        EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("nobody listens"),
                  std::string::npos);
    }
    raw_listener door{where_};
}

TEST_F(MqCarrier, TheDeathOfAListenerThatHadNotAnsweredIsToldAtOnce) {
    forked_peer listener{[&] {
        raw_listener door{where_};
        return testing::wait_to_be_killed(), 0;
    }};
    ASSERT_TRUE(listener.await());
    auto told = std::async(std::launch::async, [&] {
        return complaint_of([&] { raw_channel{where_, {.handshake_limit = 1h}}; });
    });
    EXPECT_TRUE(testing::eventually([&] { return os::posix_queue::open(name_).size() == 1; }));
    listener.kill();
    EXPECT_NE(told.get().find("ended without"), std::string::npos);
}

TEST_F(MqCarrier, TheDeathOfAListenerEndsAWaitForRoomAtItsDoor) {
    forked_peer listener{[&] {
        raw_listener door{where_};
        return testing::wait_to_be_killed(), 0;
    }};
    ASSERT_TRUE(listener.await());
    auto door = os::posix_queue::open(name_);
    while (door.try_send(bytes_of("more"))) continue;
    auto told = std::async(std::launch::async, [&] {
        return complaint_of([&] { raw_channel{where_, {.handshake_limit = 1h}}; });
    });
    listener.kill();
    EXPECT_NE(told.get().find("nobody listens"), std::string::npos);
}

TEST_F(MqCarrier, WhoClosesWithoutRoomForAWordIsTakenForDead) {
    raw_listener door{where_, {.message_bytes_max = 100, .linger = std::chrono::milliseconds{1}}};
    auto [client, server] = meet(door);
    std::size_t sent = 0;
    while (server.try_send(bytes_of("more"))) ++sent;
    {
        const raw_channel leaving = std::move(server);
    }
    for (std::size_t i = 0; i < sent; ++i) EXPECT_EQ(text_of(client.receive()->bytes), "more");
    EXPECT_NE(complaint_of([&client = client] { client.receive(); }).find("ended without"),
              std::string::npos);
}

TEST_F(MqCarrier, GarbageAtTheDoorIsPassedOver) {
    raw_listener door{where_, small_};
    os::posix_queue raw = os::posix_queue::open(name_);
    knock liar;
    liar.pid = getpid();
    liar.pid_namespace = os::current_pid_namespace();
    liar.to_client = liar.to_server = 0;
    raw.try_send(bytes_of("garbage"));
    raw.try_send(liar.bytes());
    auto [client, server] = meet(door);
    client.send(bytes_of("good"));
    EXPECT_EQ(text_of(server.receive()->bytes), "good");
}

TEST_F(MqCarrier, AQueueOfAnotherProgramIsLeftAlone) {
    const auto other = os::posix_queue::create(name_, {3, 77});
    EXPECT_NE(complaint_of([&] { raw_listener{where_}; }).find("not a listener's of Signet"),
              std::string::npos);
    EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("not a listener's of Signet"),
              std::string::npos);
    EXPECT_TRUE(other.bears_name());
}

TEST_F(MqCarrier, NamesTheLimitOfQueues) {
    raw_listener door{where_};
    rlimit usual{};
    getrlimit(RLIMIT_MSGQUEUE, &usual);
    const rlimit none{0, usual.rlim_max};
    setrlimit(RLIMIT_MSGQUEUE, &none);
    EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("ulimit -q"), std::string::npos);
    setrlimit(RLIMIT_MSGQUEUE, &usual);
    EXPECT_NE(complaint_of([&] {
                  raw_channel{where_, {.handshake_limit = std::chrono::milliseconds{1}}};
              }).find("hello in time"),
              std::string::npos);
}

TEST_F(MqCarrier, HasNoLines) {
    const channel_options plain{.frames = framing::lines};
    EXPECT_NE(complaint_of([&] { raw_listener{where_, plain}; }).find("use unix://"),
              std::string::npos);
    raw_listener door{where_};
    EXPECT_NE(complaint_of([&] { raw_channel{where_, plain}; }).find("use unix://"),
              std::string::npos);
}

TEST(MqGeometry, HasRoomForManyChannels) {
    const os::posix_queue_limits usual{10, 8192, 256, 819200};
    EXPECT_EQ(geometry_for(1 << 24, usual), (os::posix_queue_geometry{4, 8192}));
    EXPECT_EQ(geometry_for(100, usual), (os::posix_queue_geometry{10, 1024}));
    EXPECT_EQ(geometry_for(100, {1, 128, 256, 10}), (os::posix_queue_geometry{1, 128}));
    EXPECT_EQ(geometry_for(1 << 24, {}), (os::posix_queue_geometry{10, 8192}));
}

}  // namespace
}  // namespace signet::transport::mq
