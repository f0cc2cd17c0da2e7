// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_topics.hpp>

#include <signet/context.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/publisher.hpp>
#include <signet/raw.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/transport/udp/assembly.hpp>
#include <signet/transport/udp/udp_group.hpp>
#include <signet/transport/udp/udp_topic_frame.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <random>

namespace signet::transport::udp {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::eventually;
using kind = topic_event::kind;

struct pose {
    std::uint64_t number;
    double x;
};

struct picture {
    std::uint64_t number;
    std::array<std::uint8_t, 100'000> bytes;
};

/// A group that no other process uses.
std::string own_group(int number) {
    const int pid = getpid();
    return "239.255." + std::to_string(pid / 256 % 256) + '.' + std::to_string(pid % 256) +
           "%lo:" + std::to_string(23'000 + number);
}

template <class Endpoint>
std::optional<topic_event> next_event(Endpoint& of, kind what) {
    std::optional<topic_event> found;
    eventually([&] {
        while (auto event = of.try_event()) {
            if (event->what == what) return found = event, true;
        }
        return false;
    });
    return found;
}

class UdpTopics : public ::testing::Test {
protected:
    template <class Subscriber>
    static void await_publishers(Subscriber& in, std::size_t count) {
        EXPECT_TRUE(eventually([&] { return in.try_receive(), in.publishers() == count; }));
    }

    testing::temporary_directory directory_;
    context here_{{.directory = directory_.path()}};
    std::string group_ = own_group(0);
    std::string where_ = "udp://" + group_;
};

TEST_F(UdpTopics, ReachAllSubscribersAtOnce) {
    publisher<pose> out{here_, where_};
    std::vector<subscriber<pose>> all;
    for (int i = 0; i < 3; ++i) all.emplace_back(here_, where_);
    for (auto& in : all) await_publishers(in, 1);
    for (std::uint64_t i = 0; i < 50; ++i) out.publish({i, 0.5});
    for (auto& in : all) {
        for (std::uint64_t i = 0; i < 50; ++i) {
            const auto got = in.receive();
            ASSERT_EQ(got->number, i);
            ASSERT_EQ(got.number(), i);
        }
        EXPECT_EQ(in.lost(), 0u);
    }
}

TEST_F(UdpTopics, HaveManyPublishers) {
    std::optional<publisher<pose>> one{std::in_place, here_, where_};
    publisher<pose> other{here_, where_};
    subscriber<pose> in{here_, where_};
    await_publishers(in, 2);
    one->publish({1, 0});
    other.publish({2, 0});
    EXPECT_EQ(in.receive()->number + in.receive()->number, 3u);
    one.reset();
    EXPECT_TRUE(next_event(in, kind::left));
    await_publishers(in, 1);
    other.publish({4, 0});
    EXPECT_EQ(in.receive()->number, 4u);
}

// Few machines have a way for groups of version 6 through lo; where there is none, that is said.
TEST_F(UdpTopics, HaveGroupsOfVersion6) {
    const std::string six = "udp://[ff15::" + std::to_string(getpid() % 10'000) + "%lo]:23001";
    std::optional<publisher<pose>> out;
    const std::string told = complaint_of([&] { out.emplace(here_, six); });
    if (!out) {
        EXPECT_NE(told.find("`ip route get`"), std::string::npos) << told;
        return;
    }
    subscriber<pose> in{here_, six};
    await_publishers(in, 1);
    out->publish({6, 0});
    EXPECT_EQ(in.receive()->number, 6u);
}

TEST_F(UdpTopics, CarryMessagesOfManyDatagrams) {
    publisher<picture> out{here_, where_};
    subscriber<picture> in{here_, where_};
    await_publishers(in, 1);
    for (std::uint64_t i = 0; i < 10; ++i) {
        auto message = out.loan();
        message->number = i;
        message->bytes.fill(static_cast<std::uint8_t>(i + 1));
        out.publish(std::move(message));
        const auto got = in.receive();
        ASSERT_EQ(got->number, i);
        ASSERT_EQ(got->bytes.front(), i + 1);
        ASSERT_EQ(got->bytes.back(), i + 1);
    }
}

TEST_F(UdpTopics, AnswerWhoComesLateBeforeTheNextAnnouncement) {
    publisher<pose> out{here_, where_};
    out.publish({1, 0});
    subscriber<pose> in{here_, where_};
    EXPECT_TRUE(eventually([&] {
        out.publish({2, 0});
        return static_cast<bool>(in.try_receive());
    }));
}

TEST_F(UdpTopics, SayWhatAGroupCannot) {
    const auto subscribe = [&](const subscriber_options& how) {
        return complaint_of([&] { subscriber<pose>{here_, where_, how}; });
    };
    EXPECT_NE(subscribe({.policy = delivery::block}).find("hold a publisher back"),
              std::string::npos);
    EXPECT_NE(subscribe({.history = 1}).find("for who comes late"), std::string::npos);
    for (const char* bad : {"udp://127.0.0.1:7000", "udp://239.1.2.3", "udp://name:7000",
                            "udp://239.1.2.3%nosuchif:7000"}) {
        EXPECT_NE(complaint_of([&] { publisher<pose>{here_, bad}; }), "no error") << bad;
        EXPECT_NE(complaint_of([&] { subscriber<pose>{here_, bad}; }), "no error") << bad;
    }
}

TEST_F(UdpTopics, RefuseAnotherTypeByTheNameOfItsField) {
    publisher<picture> out{here_, where_};
    subscriber<pose> in{here_, where_};
    EXPECT_NE(complaint_of([&] { in.receive(); }).find("x"), std::string::npos);
}

// ---- whoever sends to a group -------------------------------------------------------------------

/// A publisher made by hand.
class AStrangerInTheGroup : public UdpTopics {
protected:
    void send(std::span<const std::byte> bytes) { socket_.send_to(of_.address(), bytes, never); }
    void announce(std::uint64_t id, std::uint64_t number = 0) {
        send(written({.publisher = id, .number = number},
                     announcement{wire::descriptor_of<pose>(), sizeof(pose), "by hand"}));
    }
    void publish(std::uint64_t id, std::uint64_t number) {
        const pose one{number, 1};
        std::vector<std::byte> all(topic_datagram::bytes + sizeof one);
        topic_datagram{.publisher = id, .number = number, .length = sizeof one}.write(
            std::span{all}.first<topic_datagram::bytes>());
        std::memcpy(all.data() + topic_datagram::bytes, &one, sizeof one);
        send(all);
    }

    /// The number of the next message; 0: none. That somebody has another type is an error, once.
    std::uint64_t heard() {
        try {
            const auto got = in_.try_receive();
            return got ? got->number : 0;
        } catch (const error&) {
            return 0;
        }
    }

    udp_group of_{group_};
    os::udp_socket socket_ = of_.sender();
    subscriber<pose> in_{here_, where_};
};

TEST_F(AStrangerInTheGroup, IsHeardOnceAndInOrderAndItsLossesAreCounted) {
    announce(7, 10);
    await_publishers(in_, 1);
    for (const std::uint64_t number : {10, 10, 9, 12, 11, 15}) publish(7, number);
    for (const std::uint64_t number : {10, 12, 15}) EXPECT_EQ(in_.receive().number(), number);
    EXPECT_FALSE(in_.try_receive());
    EXPECT_EQ(in_.lost(), 3u);
}

TEST_F(AStrangerInTheGroup, CannotSpeakForAnotherOne) {
    announce(7);
    await_publishers(in_, 1);
    os::udp_socket forger = of_.sender();
    std::swap(forger, socket_);
    publish(7, 1);
    std::array<std::byte, topic_datagram::bytes> end;
    topic_datagram{.kind = topic_datagram_kind::end, .publisher = 7}.write(end);
    send(end);
    std::swap(forger, socket_);
    publish(7, 2);
    EXPECT_EQ(in_.receive().number(), 2u);
}

TEST_F(AStrangerInTheGroup, IsIgnoredWhereItSendsGarbage) {
    publisher<pose> out{here_, where_};
    await_publishers(in_, 1);
    std::mt19937 random{1};
    const auto valid =
        written({.publisher = 4711}, announcement{wire::descriptor_of<pose>(), sizeof(pose), "x"});
    for (int round = 0; round < 3000; ++round) {
        auto bytes = valid;
        if (random() % 2 == 0) bytes.resize(random() % bytes.size());
        for (unsigned i = 1 + random() % 4; i > 0 && !bytes.empty(); --i)
            bytes[random() % bytes.size()] ^= static_cast<std::byte>(1u << random() % 8);
        send(bytes);
        if (round % 100 == 0) heard();
    }
    EXPECT_TRUE(eventually([&] {
        out.publish({4711, 0});
        return heard() == 4711;
    }));
}

TEST_F(AStrangerInTheGroup, IsOneOfSoManyAtMost) {
    publisher<pose> out{here_, where_};
    await_publishers(in_, 1);
    for (std::uint64_t id = 1; id < 300; ++id) {
        announce(id);
        in_.try_receive();
    }
    EXPECT_TRUE(eventually([&] {
        out.publish({4711, 0});
        const auto got = in_.try_receive();
        return got && got->number == 4711;
    }));
    EXPECT_LE(in_.publishers(), 64u);
}

// ---- frames -------------------------------------------------------------------------------------

TEST(TopicDatagrams, AreReadAsTheyWereWrittenAndOnlyWherePossible) {
    const auto read = [](const topic_datagram& one, std::size_t body) {
        std::vector<std::byte> bytes(topic_datagram::bytes + body);
        one.write(std::span{bytes}.first<topic_datagram::bytes>());
        return topic_datagram::read(bytes).has_value();
    };
    const auto large = static_cast<std::uint32_t>(piece_bytes + 10);
    EXPECT_TRUE(read({.length = 10}, 10));
    EXPECT_TRUE(read({.length = 0}, 0));
    EXPECT_TRUE(read({.length = large, .offset = piece_bytes}, 10));
    EXPECT_FALSE(read({.length = large, .offset = piece_bytes}, 11));
    EXPECT_FALSE(read({.length = large, .offset = 1}, 10));
    EXPECT_FALSE(read({.length = 10}, 9));
    EXPECT_FALSE(read({.length = 0}, 1));
    EXPECT_FALSE(read({.length = ~0u}, piece_bytes));
    EXPECT_FALSE(read({.length = large, .offset = ~0u}, 10));
}

TEST(Assembly, MakesAMessageOfPiecesInAnyOrder) {
    const std::uint32_t length = 2 * piece_bytes + 1;
    std::vector<std::byte> body(piece_bytes, std::byte{7});
    assembly pieces;
    const auto add = [&](std::uint64_t number, std::uint32_t index, std::size_t bytes) {
        const topic_datagram one{.number = number,
                                 .length = length,
                                 .offset = static_cast<std::uint32_t>(index * piece_bytes)};
        const auto whole = pieces.add(one, std::span{body}.first(bytes));
        return whole ? whole->size() : std::size_t{0};
    };
    EXPECT_EQ(add(1, 2, 1), 0u);
    EXPECT_EQ(add(1, 0, piece_bytes), 0u);
    EXPECT_EQ(add(1, 0, piece_bytes), 0u);
    EXPECT_EQ(add(1, 1, piece_bytes), length);
    EXPECT_EQ(add(1, 1, piece_bytes), 0u);
    EXPECT_EQ(add(3, 0, piece_bytes), 0u);
    EXPECT_EQ(add(2, 1, piece_bytes), 0u);
    EXPECT_EQ(add(3, 1, piece_bytes), 0u);
    EXPECT_EQ(add(3, 2, 1), length);
}

}  // namespace
}  // namespace signet::transport::udp
