// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/sysv/sysv_carrier.hpp>

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/sysv_queue.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/sysv/queue_pairs.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <optional>
#include <vector>

namespace signet::transport::sysv {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::text_of;

class SysvCarrier : public ::testing::Test {
protected:
    std::pair<raw_channel, raw_channel> meet(raw_listener& door) {
        auto client = std::async(std::launch::async, [this] { return raw_channel{where_}; });
        auto server = door.accept();
        return {client.get(), std::move(*server)};
    }

    /// The keys in the list of queues at our path.
    std::vector<std::int32_t> keys() const {
        const os::file list = os::file::open_or_create(path_ + ".queues");
        std::vector<std::int32_t> words(list.size() / 4);
        list.read_at(0, std::as_writable_bytes(std::span{words}));
        std::vector<std::int32_t> found;
        for (std::size_t i = 0; i + 4 <= words.size(); i += 4) {
            found.insert(found.end(), {words[i + 1], words[i + 2]});
        }
        return found;
    }

    static std::size_t living(const std::vector<std::int32_t>& keys) {
        std::size_t count = 0;
        for (const std::int32_t key : keys) {
            const bool is =
                key != 0 && complaint_of([&] { os::sysv_queue::open(key); }) == "no error";
            count += is ? 1 : 0;
        }
        return count;
    }

    testing::temporary_directory place_;
    const std::string path_ = place_.path() + "/end";
    const std::string where_ = "sysv://" + path_;
};

TEST_F(SysvCarrier, LeavesNoQueues) {
    raw_listener door{where_};
    std::vector<std::int32_t> used;
    {
        auto [client, server] = meet(door);
        used = keys();
        EXPECT_EQ(living(used), 2u);
    }
    EXPECT_EQ(living(used), 0u);
}

TEST_F(SysvCarrier, WhoSurvivesRemovesTheQueues) {
    raw_listener door{where_};
    forked_peer client{[&] {
        const raw_channel line{where_};
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> server = door.accept();
    const auto used = keys();
    client.kill();
    EXPECT_NE(complaint_of([&] { server->receive(); }).find("ended without"), std::string::npos);
    server.reset();
    EXPECT_EQ(living(used), 0u);
}

TEST_F(SysvCarrier, WhoComesNextSweepsTheQueuesOfTheDead) {
    forked_peer server{[&] {
        raw_listener door{where_};
        auto line = door.accept();
        return testing::wait_to_be_killed(), 0;
    }};
    forked_peer client{[&] {
        std::optional<raw_channel> line;
        testing::eventually(
            [&] { return complaint_of([&] { line.emplace(where_); }) == "no error"; });
        line->send(bytes_of("never read"));
        return testing::wait_to_be_killed(), 0;
    }};
    ASSERT_TRUE(client.await());
    const auto used = keys();
    // Who sees the other one die removes the queues.
    ::kill(client.pid(), SIGSTOP);
    waitpid(client.pid(), nullptr, WUNTRACED);
    server.kill();
    client.kill();
    EXPECT_EQ(living(used), 2u);
    raw_listener door{where_};
    EXPECT_EQ(living(used), 0u);
}

TEST_F(SysvCarrier, QueuesInUseAreNotSwept) {
    std::optional<raw_listener> door{where_};
    auto [client, server] = meet(*door);
    door.reset();
    raw_listener next{where_};
    EXPECT_EQ(living(keys()), 2u);
    client.send(bytes_of("still here"));
    EXPECT_EQ(text_of(server.receive()->bytes), "still here");
}

TEST_F(SysvCarrier, MessagesOfABytesLengthDoNotLockTheQueue) {
    raw_listener door{where_};
    auto [client, server] = meet(door);
    std::size_t sent = 0;
    while (client.try_send(bytes_of("x"))) ++sent;
    EXPECT_FALSE(client.send_for(bytes_of("x"), 1ms));
    auto more =
        std::async(std::launch::async, [&client = client] { return client.send(bytes_of("y")); });
    for (std::size_t i = 0; i < sent; ++i) EXPECT_EQ(text_of(server.receive()->bytes), "x");
    EXPECT_EQ(text_of(server.receive()->bytes), "y");
    EXPECT_TRUE(more.get());
}

TEST_F(SysvCarrier, ADescriptorTellsOfMessagesAndOfADeath) {
    raw_listener door{where_};
    forked_peer client{[&] {
        raw_channel line{where_};
        line.send(bytes_of("last"));
        return testing::wait_to_be_killed(), 0;
    }};
    auto server = door.accept();
    const int fd = server->fd();
    EXPECT_TRUE(os::wait_readable(fd, after(60s)));
    EXPECT_EQ(text_of(server->receive()->bytes), "last");
    EXPECT_FALSE(server->try_receive());
    client.kill();
    EXPECT_TRUE(os::wait_readable(fd, after(60s)));
    EXPECT_NE(complaint_of([&] { server->receive(); }).find("ended without"), std::string::npos);
}

TEST_F(SysvCarrier, GarbageInItsQueueIsAnError) {
    raw_listener door{where_};
    auto [client, server] = meet(door);
    os::sysv_queue::open(keys()[1]).try_send(99, bytes_of("garbage"));
    EXPECT_NE(complaint_of([&server = server] { server.receive(); }).find("of no kind"),
              std::string::npos);
}

TEST_F(SysvCarrier, AQueueThatSomebodyRemovedIsAnError) {
    raw_listener door{where_};
    auto [client, server] = meet(door);
    os::sysv_queue::open(keys()[1]).remove();
    EXPECT_NE(complaint_of([&server = server] { server.receive(); }).find("removed its queue"),
              std::string::npos);
}

TEST_F(SysvCarrier, ConnectsToItsOwnKindOnly) {
    EXPECT_NE(complaint_of([&] { raw_channel{"sysv://@abstract"}; }).find("sysv:///path"),
              std::string::npos);
    raw_listener door{"unix://" + path_};
    auto line =
        std::async(std::launch::async, [&] { return complaint_of([&] { raw_channel{where_}; }); });
    auto other = door.accept();
    // The other one may have seen enough by then, and be gone.
    complaint_of([&] { other->send(bytes_of("a message of more than twenty-four bytes")); });
    EXPECT_NE(line.get().find("does it listen at sysv://"), std::string::npos);
}

}  // namespace
}  // namespace signet::transport::sysv
