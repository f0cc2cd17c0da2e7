// SPDX-License-Identifier: Apache-2.0
// A listener over TLS, and strangers who say garbage before, during and after the handshake, or
// break off anywhere. It is an error of that one channel; nobody else notices.
#include <signet/base/name.hpp>
#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/tcp_socket.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/test_certificate.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/tls.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/tls/tls_stream.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>
#include <random>
#include <vector>

namespace signet::transport::tls {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;
using octets = std::vector<std::byte>;

constexpr std::size_t message_max = 1000;

class HostileTls : public ::testing::Test {
protected:
    octets random_bytes(std::size_t count) {
        octets bytes(count);
        for (std::byte& one : bytes) one = static_cast<std::byte>(random_());
        return bytes;
    }
    /// Some bytes are others than they should be, and some are missing.
    octets spoiled(octets bytes) {
        for (int i = 0; i < 3; ++i) bytes[random_() % bytes.size()] = std::byte(random_());
        bytes.resize(1 + random_() % bytes.size());
        return bytes;
    }

    os::tcp_socket connected() const {
        return os::tcp_socket::connect(os::ip_address::parse(split_address(door_.address()).name),
                                       never);
    }
    tls_session session() const {
        return {std::make_shared<const tls_context>("tls://test", options_), tls_role::connects,
                "tls://test", "127.0.0.1"};
    }
    /// What one who connects says first.
    octets client_hello() const {
        tls_session one = session();
        one.handshake();
        octets said;
        one.take(said);
        return said;
    }

    /// A client that has shaken hands, and the descriptor below it.
    struct client {
        std::unique_ptr<tls_stream> stream;
        os::descriptor below;
    };
    client shaken_hands() const {
        auto socket = std::make_unique<tcp::tcp_end>(connected());
        os::descriptor below = os::duplicate(socket->read_fd());
        auto stream = std::make_unique<tls_stream>(std::move(socket), session(), "tls://test");
        stream->shake_hands(after(60s));
        return {std::move(stream), std::move(below)};
    }

    /// What becomes of the channel of the next who comes: it takes messages until it complains.
    std::string complaint_about_next() {
        auto line = door_.accept_for(60s);
        if (!line) return "nobody came";
        return complaint_of([&] {
            while (const auto got = line->receive_for(60s)) {
                EXPECT_LE(got->bytes.size(), message_max);
            }
        });
    }
    /// The same of one that says only this, below TLS.
    std::string complaint_about(const octets& said) {
        os::tcp_socket stranger = connected();
        stranger.write_all(said, never);
        stranger.end_writing();
        return complaint_about_next();
    }
    /// The same of one that shakes hands, and then does `step` with its client.
    template <class Step>
    std::string complaint_after_handshake(Step step) {
        auto said = std::async(std::launch::async, [&] {
            client one = shaken_hands();
            step(one);
            return one;
        });
        std::string text = complaint_about_next();
        said.get();
        return text;
    }
    void expect_others_are_served() {
        auto made = std::async(std::launch::async, [&] { return raw_channel{door_.address()}; });
        auto line = door_.accept_for(60s);
        made.get().send(bytes_of("hello"));
        EXPECT_EQ(text_of(line->receive_for(60s)->bytes), "hello");
    }

    std::minstd_rand random_{1};
    const testing::test_certificate own_ = testing::make_certificate();
    const tls_options options_{
        .certificate = own_.certificate, .key = own_.key, .pins = {tls_pin(own_.certificate)}};
    raw_listener door_ = [this] {
        use_tls(options_);
        return raw_listener{"tls://127.0.0.1:0", {.message_bytes_max = message_max}};
    }();
};

TEST_F(HostileTls, GarbageInPlaceOfAHandshakeIsAnError) {
    for (int round = 0; round < 200; ++round) {
        octets said = random_bytes(1 + random_() % 600);
        if (round % 2 == 0) said[0] = std::byte{22};  // at least a record of a handshake
        EXPECT_NE(complaint_about(said), "no error");
    }
    expect_others_are_served();
}

TEST_F(HostileTls, FramesWithoutTlsAreAnError) {
    const octets hello = written_greeting({}, {});
    const auto header = frame_header{frame_kind::hello, static_cast<std::uint32_t>(hello.size())};
    octets said;
    for (const std::byte one : header.written()) said.push_back(one);
    said.insert(said.end(), hello.begin(), hello.end());
    EXPECT_NE(complaint_about(said).find("is not TLS"), std::string::npos);
    expect_others_are_served();
}

TEST_F(HostileTls, AHandshakeThatIsSpoiledIsAnError) {
    const octets hello = client_hello();
    for (int round = 0; round < 200; ++round) {
        EXPECT_NE(complaint_about(spoiled(hello)), "no error");
    }
    expect_others_are_served();
}

TEST_F(HostileTls, GarbageBehindAHelloIsAnError) {
    for (int round = 0; round < 100; ++round) {
        octets said = client_hello();
        const octets more = random_bytes(1 + random_() % 100);
        said.insert(said.end(), more.begin(), more.end());
        EXPECT_NE(complaint_about(said), "no error");
    }
    expect_others_are_served();
}

TEST_F(HostileTls, GarbageBelowAFinishedHandshakeIsAnError) {
    for (int round = 0; round < 50; ++round) {
        octets record = random_bytes(5 + random_() % 200);
        const octets as_data{std::byte{23}, std::byte{3}, std::byte{3}, std::byte{0}};
        if (round % 2 == 0) std::copy(as_data.begin(), as_data.end(), record.begin());
        EXPECT_NE(complaint_after_handshake([&](client& one) {
                      ::send(one.below.get(), record.data(), record.size(), MSG_NOSIGNAL);
                      ::shutdown(one.below.get(), SHUT_WR);
                  }),
                  "no error");
    }
    expect_others_are_served();
}

TEST_F(HostileTls, ARecordThatBreaksOffIsADeath) {
    const octets begin{std::byte{23}, std::byte{3}, std::byte{3}, std::byte{1}};
    const std::string text = complaint_after_handshake([&](client& one) {
        ::send(one.below.get(), begin.data(), begin.size(), MSG_NOSIGNAL);
        ::shutdown(one.below.get(), SHUT_WR);
    });
    EXPECT_NE(text, "no error");
    expect_others_are_served();
}

TEST_F(HostileTls, GarbageInsideOfTlsIsAnError) {
    for (int round = 0; round < 100; ++round) {
        const octets said = random_bytes(4 + random_() % 300);
        EXPECT_NE(complaint_after_handshake([&](client& one) {
                      one.stream->write_some(said, after(60s));
                      one.stream->end_writing();
                  }),
                  "no error");
    }
    expect_others_are_served();
}

}  // namespace
}  // namespace signet::transport::tls
