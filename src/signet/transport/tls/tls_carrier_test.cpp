// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_carrier.hpp>

#include <signet/base/name.hpp>
#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/tcp_socket.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/test_certificate.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/tls.hpp>

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace signet::transport::tls {
namespace {

using testing::make_certificate;
using testing::test_certificate;
using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::text_of;

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

/// What both ends said.
struct outcome {
    std::string client;
    std::string server;
};

class TlsChannels : public ::testing::Test {
protected:
    tls_options with(const test_certificate& own) const {
        return {.certificate = own.certificate, .key = own.key, .authority = ca_.certificate};
    }
    test_certificate signed_for(const std::string& names, long seconds_left = 3600) const {
        return make_certificate({.names = names, .seconds_left = seconds_left, .by = &ca_});
    }

    raw_listener listen(const tls_options& options, const channel_options& how = {}) {
        use_tls(options);
        return raw_listener{"tls://127.0.0.1:0", how};
    }

    /// The first words of a client and a server with these options.
    outcome meet(const tls_options& client, const tls_options& server) {
        raw_listener door = listen(server);
        use_tls(client);
        auto said = std::async(std::launch::async, [to = door.address()] {
            return complaint_of([&] { raw_channel{to}.send(bytes_of("hello")); });
        });
        auto line = door.accept();
        const std::string served = complaint_of([&] { line->receive_for(60s); });
        line.reset();
        return {said.get(), served};
    }

    os::tcp_socket stranger(const raw_listener& door) {
        return os::tcp_socket::connect(os::ip_address::parse(split_address(door.address()).name),
                                       never);
    }

    const test_certificate ca_ = make_certificate({.subject = "authority"});
    const test_certificate server_ = signed_for("IP:127.0.0.1,DNS:server.example");
    const test_certificate client_ = make_certificate({.subject = "a client", .by = &ca_});
};

// ---- who is trusted -----------------------------------------------------------------------------

TEST_F(TlsChannels, KnowWhoIsAtTheOtherEnd) {
    raw_listener door = listen(with(server_));
    use_tls(with(client_));
    auto made = std::async(std::launch::async, [&] { return raw_channel{door.address()}; });
    auto server = door.accept();
    raw_channel client = made.get();
    EXPECT_EQ(server->peer().certificate, "CN=a client");
    EXPECT_EQ(client.peer().certificate, "CN=test");
    EXPECT_EQ(client.peer().address, split_address(door.address()).name);
}

TEST_F(TlsChannels, AreMadeWhereBothAreTrusted) {
    const outcome said = meet(with(client_), with(server_));
    EXPECT_EQ(said.client, "no error");
    EXPECT_EQ(said.server, "no error");
}

TEST_F(TlsChannels, AreNotMadeWithAServerOfAnotherAuthority) {
    const auto [client, server] = meet(with(client_), with(make_certificate()));
    EXPECT_NE(client.find("not trusted; the other end's certificate is not accepted: self"),
              std::string::npos)
        << client;
    EXPECT_NE(server.find("the other end said: tlsv1 alert unknown ca"), std::string::npos)
        << server;
}

TEST_F(TlsChannels, AreNotMadeWithAClientOfAnotherAuthority) {
    const auto [client, server] = meet(with(make_certificate()), with(server_));
    EXPECT_NE(client.find("does it trust our certificate?"), std::string::npos) << client;
    EXPECT_NE(server.find("certificate is not accepted"), std::string::npos) << server;
}

TEST_F(TlsChannels, AreNotMadeWithAnExpiredCertificate) {
    const auto said = meet(with(client_), with(signed_for("IP:127.0.0.1", -60)));
    EXPECT_NE(said.client.find("certificate has expired"), std::string::npos) << said.client;
    EXPECT_NE(said.server, "no error");
}

TEST_F(TlsChannels, AreNotMadeWithACertificateForAnother) {
    const auto said = meet(with(client_), with(signed_for("DNS:other.example")));
    EXPECT_NE(said.client.find("address mismatch"), std::string::npos) << said.client;
}

TEST_F(TlsChannels, AreMadeWithTheNameThatIsExpected) {
    tls_options expecting = with(client_);
    expecting.expected_name = "server.example";
    EXPECT_EQ(meet(expecting, with(server_)).client, "no error");
    expecting.expected_name = "another.example";
    const std::string text = meet(expecting, with(server_)).client;
    EXPECT_NE(text.find("hostname mismatch"), std::string::npos) << text;
}

TEST_F(TlsChannels, AreMadeByPinsAlone) {
    const test_certificate one = make_certificate({.names = "", .seconds_left = -60});
    const test_certificate two = make_certificate({.names = ""});
    const tls_options client{
        .certificate = one.certificate, .key = one.key, .pins = {tls_pin(two.certificate)}};
    tls_options server{
        .certificate = two.certificate, .key = two.key, .pins = {tls_pin(one.certificate)}};
    EXPECT_EQ(meet(client, server).server, "no error");
    server.pins = {tls_pin(two.certificate)};
    const auto said = meet(client, server);
    EXPECT_NE(said.server.find("its key is not one of the pins"), std::string::npos) << said.server;
    EXPECT_NE(said.client, "no error");
}

TEST_F(TlsChannels, TakePinsBesideAnAuthority) {
    tls_options pinned = with(client_);
    pinned.pins = {tls_pin(server_.certificate)};
    EXPECT_EQ(meet(pinned, with(server_)).client, "no error");
    pinned.pins = {tls_pin(client_.certificate)};
    EXPECT_NE(meet(pinned, with(server_)).client.find("pins"), std::string::npos);
}

// ---- options ------------------------------------------------------------------------------------

std::string complaint_about(const tls_options& options) {
    use_tls(options);
    return complaint_of([] { raw_listener{"tls://127.0.0.1:0"}; });
}

TEST_F(TlsChannels, SayWhatIsWrongWithTheirOptions) {
    const std::string& pem = server_.certificate;
    const auto has = [](const std::string& text, std::string_view part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    has(complaint_about({}), "give a certificate and a key");
    has(complaint_about({.certificate = pem, .key = server_.key}), "nobody would be trusted");
    has(complaint_about({.certificate = "/nowhere.pem", .key = "x", .authority = pem}),
        "our certificate '/nowhere.pem' cannot be read");
    has(complaint_about({.certificate = pem, .key = pem, .authority = pem}), "our key cannot");
    has(complaint_about({.certificate = pem, .key = client_.key, .authority = pem}),
        "our key does not belong to our certificate");
    has(complaint_about({.certificate = pem, .key = server_.key, .authority = server_.key}),
        "the authority holds no certificate");
    has(complaint_about({.certificate = pem, .key = server_.key, .pins = {"abc"}}),
        "'abc' is no pin");
}

TEST_F(TlsChannels, HaveOptionsForOneAddress) {
    raw_listener door = listen(with(server_));
    use_tls({});
    use_tls_at(door.address(), with(client_));
    auto made = std::async(std::launch::async, [&] { return raw_channel{door.address()}; });
    auto server = door.accept();
    EXPECT_EQ(server->peer().certificate, "CN=a client");
    made.get();
    EXPECT_NE(complaint_of([&] { use_tls_at("tcp://host:1", {}); }), "no error");
}

// ---- bad peers ----------------------------------------------------------------------------------

TEST_F(TlsChannels, SayThatAPeerSpeaksPlainText) {
    raw_listener door = listen(with(server_));
    for (const char* text : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "hello, hello, hello\n"}) {
        os::tcp_socket peer = stranger(door);
        peer.write_all(bytes_of(text), never);
        auto line = door.accept();
        const std::string complaint = complaint_of([&] { line->receive(); });
        EXPECT_NE(complaint.find("is not TLS"), std::string::npos) << complaint;
        EXPECT_EQ(complaint_of([&] { line->send({}); }), complaint);
        EXPECT_TRUE(os::wait_readable(line->fd(), deadline::min()));
    }
}

TEST_F(TlsChannels, SayThatAListenerSpeaksPlainText) {
    raw_listener door = listen(with(server_));
    raw_listener plain{"tcp://127.0.0.1:0", {.frames = framing::lines}};
    auto tried = std::async(std::launch::async, [&] {
        return complaint_of([&] { raw_channel{"tls://" + split_address(plain.address()).name}; });
    });
    auto line = plain.accept();
    line->send(bytes_of("220 mail.example ready"));
    EXPECT_NE(tried.get().find("is not TLS"), std::string::npos);
}

TEST_F(TlsChannels, AreNotHeldByOneThatSaysNothing) {
    raw_listener door = listen(with(server_));
    const os::tcp_socket silent = stranger(door);
    os::tcp_socket slow = stranger(door);
    slow.write_all(bytes_of("\x16\x03\x01"), never);
    EXPECT_FALSE(door.accept_for(2ms));
    auto made = std::async(std::launch::async, [&] { return raw_channel{door.address()}; });
    auto line = door.accept();
    made.get().send(bytes_of("hello"));
    EXPECT_EQ(next_text(*line), "hello");
}

TEST_F(TlsChannels, TellOfOneThatStallsInTheHandshakeWhenItsTimeIsOver) {
    raw_listener door = listen(with(server_), {.handshake_limit = 20ms});
    const os::tcp_socket silent = stranger(door);
    auto line = door.accept();
    const std::string text = complaint_of([&] { line->receive(); });
    EXPECT_NE(text.find("did not finish the handshake in time"), std::string::npos) << text;
}

TEST_F(TlsChannels, TellOfOneThatLeavesInTheMiddleOfTheHandshake) {
    raw_listener door = listen(with(server_));
    {
        os::tcp_socket peer = stranger(door);
        peer.write_all(bytes_of("\x16\x03\x01"), never);
    }
    auto line = door.accept();
    const std::string text = complaint_of([&] { line->receive(); });
    EXPECT_NE(text.find("in the middle of the handshake"), std::string::npos) << text;
}

TEST_F(TlsChannels, DropTheOldestOfManyThatSayNothing) {
    raw_listener door = listen(with(server_));
    std::vector<os::tcp_socket> silent;
    for (int i = 0; i < 300; ++i) {
        silent.push_back(stranger(door));
        EXPECT_FALSE(door.try_accept());
    }
    testing::text_buffer buffer{1};
    EXPECT_NE(silent.front().read_some(buffer.bytes(), after(60s)).status,
              os::stream_status::timed_out);
    EXPECT_EQ(silent.back().read_some(buffer.bytes(), deadline::min()).status,
              os::stream_status::timed_out);
}

// ---- the end ------------------------------------------------------------------------------------

TEST_F(TlsChannels, TellAnEndFromACutWhereThereAreLines) {
    raw_listener door = listen(with(server_), {.frames = framing::lines});
    forked_peer victim{[to = door.address()] {
        raw_channel line{to, {.frames = framing::lines}};
        line.send(bytes_of("half"));
        testing::wait_to_be_killed();
        return 0;
    }};
    auto line = door.accept();
    EXPECT_EQ(next_text(*line), "half");
    victim.kill();
    EXPECT_NE(complaint_of([&] { line->receive(); }).find("the peer is gone"), std::string::npos);
    auto leaving = std::async(std::launch::async, [to = door.address()] {
        raw_channel{to, {.frames = framing::lines}}.send(bytes_of("whole"));
    });
    auto other = door.accept();
    EXPECT_EQ(next_text(*other), "whole");
    EXPECT_FALSE(other->receive());
    EXPECT_TRUE(other->ended());
}

TEST_F(TlsChannels, CarryMuchBothWaysAtOnce) {
    raw_listener door = listen(with(server_));
    auto made = std::async(std::launch::async, [&] { return raw_channel{door.address()}; });
    auto server = door.accept();
    raw_channel client = made.get();
    const std::string large(100'000, 'x');
    const auto send = [&](raw_channel& line) {
        for (int i = 0; i < 100; ++i) line.send(bytes_of(large));
    };
    std::thread one{[&] { send(client); }};
    std::thread other{[&] { send(*server); }};
    std::thread reading{[&] {
        for (int i = 0; i < 100; ++i) EXPECT_EQ(next_text(client), large);
    }};
    for (int i = 0; i < 100; ++i) EXPECT_EQ(next_text(*server), large);
    for (std::thread* each : {&one, &other, &reading}) each->join();
}

}  // namespace
}  // namespace signet::transport::tls
