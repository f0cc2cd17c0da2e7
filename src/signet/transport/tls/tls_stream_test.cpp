// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_stream.hpp>

#include <signet/os/tcp_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/test_certificate.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <future>

namespace signet::transport::tls {
namespace {

using testing::make_certificate;
using testing::test_certificate;
using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;

constexpr deadline now = deadline::min();

class TlsStream : public ::testing::Test {
protected:
    TlsStream() {
        auto shaking = std::async(std::launch::async, [&] { client_.shake_hands(after(60s)); });
        server_.shake_hands(after(60s));
        shaking.get();
    }

    std::shared_ptr<const tls_context> context() {
        return std::make_shared<const tls_context>("tls://test",
                                                   tls_options{.certificate = own_.certificate,
                                                               .key = own_.key,
                                                               .pins = {pin_of(own_.certificate)}});
    }
    tls_stream made(os::tcp_socket socket, tls_role role) {
        return tls_stream{std::make_unique<tcp::tcp_end>(std::move(socket)),
                          tls_session{context(), role, {}}, "tls://test"};
    }
    std::string read(tls_stream& from, std::size_t bytes) {
        std::string all;
        testing::text_buffer buffer{65536};
        while (all.size() < bytes) {
            const auto got = from.read_some(buffer.bytes(), after(60s));
            if (got.status != os::stream_status::moved) break;
            all += buffer.first(got.bytes);
        }
        return all;
    }

    const test_certificate own_ = make_certificate();
    os::tcp_listener listener_{os::ip_address::loopback(os::ip_version::v4)};
    os::tcp_socket connected_ = os::tcp_socket::connect(listener_.local_address(), never);
    tls_stream client_ = made(std::move(connected_), tls_role::connects);
    tls_stream server_ = made(*listener_.accept(never), tls_role::accepts);
};

// Of a full stream each byte is reported as written once, and comes once.
TEST_F(TlsStream, LosesAndRepeatsNothingWhereThePeerIsSlow) {
    std::string text(8 << 20, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 + i / 1000);
    std::size_t sent = 0;
    const auto put = [&](deadline until) {
        const auto result = client_.write_some(bytes_of(text).subspan(sent), until);
        sent += result.bytes;
        return result.status;
    };
    while (sent < text.size() && put(now) != os::stream_status::timed_out) continue;
    ASSERT_LT(sent, text.size());
    EXPECT_EQ(put(now), os::stream_status::timed_out);
    auto reading = std::async(std::launch::async, [&] { return read(server_, text.size()); });
    while (sent < text.size()) put(after(1ms));
    EXPECT_TRUE(reading.get() == text);
}

TEST_F(TlsStream, EndsInOrderWhereThePeerSaysSo) {
    client_.write_some(bytes_of("last"), never);
    EXPECT_TRUE(client_.end_writing());
    EXPECT_EQ(read(server_, 100), "last");
    testing::text_buffer buffer{8};
    EXPECT_EQ(server_.read_some(buffer.bytes(), never).status, os::stream_status::ended);
    server_.write_some(bytes_of("I go on"), never);
    EXPECT_EQ(read(client_, 7), "I go on");
}

TEST_F(TlsStream, HasReadAheadWhatItWasNotAskedFor) {
    client_.write_some(bytes_of("ab"), never);
    EXPECT_EQ(read(server_, 1).size(), 2u);
    client_.write_some(bytes_of("cd"), never);
    testing::text_buffer one{1};
    server_.read_some(one.bytes(), never);
    EXPECT_TRUE(server_.has_read_ahead());
    server_.read_some(one.bytes(), now);
    EXPECT_FALSE(server_.has_read_ahead());
}

}  // namespace
}  // namespace signet::transport::tls
