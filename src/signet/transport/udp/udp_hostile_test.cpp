// SPDX-License-Identifier: Apache-2.0
// Somebody in the network sends what he likes: to a listener, to an end whose address he forges,
// and in answer to one who connects. No conversation suffers but by who knows its id.
#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/udp/udp_end.hpp>

#include <gtest/gtest.h>

#include <future>
#include <random>

namespace signet::transport::udp {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

constexpr conversation_ids ours{.here = 0x0123456789abcdef, .there = 0xfedcba9876543210};

os::udp_socket here() {
    return os::udp_socket{os::ip_address::loopback(os::ip_version::v4)};
}

std::vector<std::byte> datagram(datagram_kind kind, std::uint64_t conversation,
                                std::uint64_t number, std::string_view text = {}) {
    return written({kind, conversation, number}, bytes_of(text));
}

/// An end, and the socket at its peer's address: what it sends has the right source, as a forger's
/// would have.
class AnEndOverUdp : public ::testing::Test {
protected:
    AnEndOverUdp() {
        os::udp_socket socket = here();
        forger_.connect(socket.local_address());
        const auto peer = forger_.local_address();
        socket.connect(peer);
        udp_meeting met{.ids = ours};
        met.jar = std::make_shared<cookie_jar>();
        end_ = std::make_unique<udp_end>(std::move(socket), peer, "udp://test",
                                         channel_options{.message_bytes_max = 100}, std::move(met));
    }

    void forge(std::span<const std::byte> bytes) { forger_.send(bytes, never); }

    /// What comes of the datagrams so far, where each is answered by nothing.
    std::string received() {
        incoming into;
        if (end_->receive(into, patience::none()) != flow::done) return "nothing";
        return text_of(into.bytes);
    }
    bool goes_on() {
        forge(datagram(datagram_kind::message, ours.here, next_++, "true"));
        for (int i = 0; i < 1000; ++i) {
            const std::string got = received();
            if (got == "true") return true;
            if (got != "nothing") return false;
        }
        return false;
    }

    os::udp_socket forger_ = here();
    std::unique_ptr<udp_end> end_;
    std::uint64_t next_ = 0;
};

TEST_F(AnEndOverUdp, IgnoresAndCountsWhatDoesNotBearItsId) {
    std::uint64_t sent = 0;
    for (std::uint32_t kind = 0; kind < datagram_kinds; ++kind) {
        for (const std::uint64_t id : {std::uint64_t{0}, ours.here + 1, ~std::uint64_t{0}}) {
            forge(datagram(datagram_kind{kind}, id, 1, "false"));
            ++sent;
        }
    }
    EXPECT_EQ(received(), "nothing");
    EXPECT_TRUE(goes_on());
    EXPECT_EQ(end_->losses().ignored, sent);
    EXPECT_EQ(end_->losses().lost, 0u);
}

TEST_F(AnEndOverUdp, TakesNothingTwiceThatIsReplayed) {
    const auto message = datagram(datagram_kind::message, ours.here, next_++, "once");
    for (int i = 0; i < 5; ++i) forge(message);
    EXPECT_EQ(received(), "once");
    EXPECT_EQ(received(), "nothing");
    EXPECT_EQ(end_->losses().ignored, 4u);
    EXPECT_TRUE(goes_on());
}

TEST_F(AnEndOverUdp, IsNotTakenOverByAHelloWithoutACookie) {
    for (int i = 0; i < 50; ++i) forge(datagram(datagram_kind::hello, 4711, i, "x"));
    EXPECT_EQ(received(), "nothing");
    EXPECT_TRUE(goes_on());
}

TEST_F(AnEndOverUdp, SendsNoMoreThanItGotToWhoProvedNothing) {
    const auto hello = datagram(datagram_kind::hello, 4711, 0);
    forge(hello);
    EXPECT_EQ(received(), "nothing");
    std::array<std::byte, 1024> answer{};
    EXPECT_LE(forger_.receive_from_peer(answer, never).bytes, hello.size());
    EXPECT_EQ(forger_.receive_from_peer(answer, deadline::min()).status,
              os::datagram_status::timed_out);
}

TEST_F(AnEndOverUdp, SaysThatAMessageIsTooLongAndGoesOn) {
    for (const std::size_t bytes : {101u, 60'000u}) {
        forge(datagram(datagram_kind::message, ours.here, next_++, std::string(bytes, 'x')));
        EXPECT_NE(complaint_of([&] { received(); }).find("more than the 100 bytes"),
                  std::string::npos);
    }
    EXPECT_TRUE(goes_on());
}

/// Bytes that are almost right.
class mutator {
public:
    explicit mutator(unsigned seed) : random_{seed} {}

    std::vector<std::byte> next(std::vector<std::byte> from) {
        switch (random_() % 4) {
            case 0: from.resize(random_() % (from.size() + 1)); break;
            case 1: from.resize(from.size() + random_() % 64); break;
            default: break;
        }
        for (unsigned i = random_() % 4; i > 0 && !from.empty(); --i) {
            from[random_() % from.size()] ^= static_cast<std::byte>(1u << random_() % 8);
        }
        return from;
    }
    unsigned below(unsigned count) { return static_cast<unsigned>(random_() % count); }

private:
    std::mt19937 random_;
};

// The id stands in bytes 8 to 15: whatever else is wrong, without it nothing happens.
bool bears_our_id(const std::vector<std::byte>& one) {
    const auto header = datagram_header::read(one);
    return header && (header->conversation == ours.here || header->conversation == ours.there);
}

TEST_F(AnEndOverUdp, GoesOnWhateverWithoutItsIdIsSent) {
    mutator random{1};
    for (int round = 0; round < 20'000; ++round) {
        const auto kind = datagram_kind{random.below(datagram_kinds)};
        const auto bytes =
            random.next(datagram(kind, ours.here ^ 1u << random.below(30), 3, "false"));
        if (bears_our_id(bytes)) continue;
        forge(bytes);
        ASSERT_EQ(received(), "nothing");
    }
    EXPECT_TRUE(goes_on());
}

// Who knows the id may end it, or say what he likes; no more.
TEST_F(AnEndOverUdp, SurvivesWhateverThePeerSays) {
    mutator random{2};
    for (int round = 0; round < 20'000; ++round) {
        const auto kind = datagram_kind{random.below(datagram_kinds)};
        const auto id = random.below(2) == 0 ? ours.here : ours.there;
        forge(random.next(datagram(kind, id, random.below(2000), "whatever it may be")));
        const std::string told = complaint_of([&] { received(); });
        ASSERT_TRUE(told == "no error" || told.find("refused by the peer") != std::string::npos ||
                    told.find("more than the 100") != std::string::npos)
            << told;
    }
}

/// A listener, and somebody who sends what he likes to it.
class AListenerOverUdp : public ::testing::Test {
protected:
    AListenerOverUdp() {
        stranger_.connect(os::ip_address::parse(split_address(door_.address()).name));
    }
    void send(std::span<const std::byte> bytes) { stranger_.send(bytes, never); }

    /// The bytes that came back.
    std::size_t answered() {
        std::size_t bytes = 0;
        for (;;) {
            const auto got = stranger_.receive_from_peer(buffer_, deadline::min());
            if (got.status == os::datagram_status::timed_out) return bytes;
            bytes += got.bytes;
        }
    }
    bool serves() {
        auto client = std::async(std::launch::async, [&] { return raw_channel{door_.address()}; });
        auto server = door_.accept();
        client.get().send(bytes_of("well"));
        const auto got = server->receive();
        return got && text_of(got->bytes) == "well";
    }

    raw_listener door_{"udp://127.0.0.1:0"};
    os::udp_socket stranger_ = here();
    std::array<std::byte, 2048> buffer_{};
};

TEST_F(AListenerOverUdp, AnswersNothingWithMoreThanItGot) {
    mutator random{3};
    for (int round = 0; round < 20'000; ++round) {
        const auto kind = datagram_kind{random.below(datagram_kinds)};
        const auto bytes = random.next(datagram(kind, random.below(10), random.below(10)));
        send(bytes);
        ASSERT_FALSE(door_.try_accept());
        ASSERT_LE(answered(), bytes.size());
    }
    EXPECT_TRUE(serves());
}

TEST_F(AListenerOverUdp, KeepsNothingOfThoseWhoProvedNothing) {
    const int before = testing::open_descriptors();
    for (std::uint64_t id = 0; id < 20'000; ++id) {
        send(datagram(datagram_kind::hello, id, id));
        ASSERT_FALSE(door_.try_accept());
    }
    EXPECT_EQ(testing::open_descriptors(), before);
    EXPECT_TRUE(serves());
}

TEST_F(AListenerOverUdp, RefusesAGreetingThatIsNone) {
    mutator random{4};
    for (int round = 0; round < 200; ++round) {
        const auto id = static_cast<std::uint64_t>(round);
        send(datagram(datagram_kind::hello, id, 0));
        ASSERT_FALSE(door_.try_accept());
        const auto got = stranger_.receive_from_peer(buffer_, never);
        const auto challenge = datagram_header::read(std::span{buffer_}.first(got.bytes));
        auto body = random.next(written_greeting({}, {}));
        send(written({datagram_kind::hello, id, challenge->number}, body));
        auto line = door_.accept_for(60s);
        ASSERT_TRUE(line);
        complaint_of([&] { line->try_receive(); });
        line.reset();
        answered();
    }
    EXPECT_TRUE(serves());
}

TEST(AClientOverUdp, IsNotMisledByWhateverAListenerAnswers) {
    os::udp_socket liar = here();
    const std::string where = "udp://" + liar.local_address().text();
    std::atomic<bool> over{false};
    auto lying = std::async(std::launch::async, [&] {
        mutator random{5};
        std::array<std::byte, 2048> buffer;
        while (!over) {
            const auto got = liar.receive(buffer, after(1ms));
            const auto hello = datagram_header::read(std::span{buffer}.first(got.bytes));
            if (!hello) continue;
            for (int i = 0; i < 4; ++i) {
                const auto kind = datagram_kind{random.below(datagram_kinds)};
                liar.answer(got, random.next(datagram(kind, hello->conversation, 7, "because")));
            }
        }
    });
    for (int round = 0; round < 300; ++round) {
        const auto told = complaint_of([&] { raw_channel{where, {.handshake_limit = 2ms}}; });
        EXPECT_NE(told, "no error");
    }
    over = true;
    lying.get();
}

}  // namespace
}  // namespace signet::transport::udp
