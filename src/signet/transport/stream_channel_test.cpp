// SPDX-License-Identifier: Apache-2.0
// The engine of channels over a stream, beside a peer that is a plain socket and says whatever the
// test wants. What correct peers do is in tests/conformance.
#include <signet/transport/stream_channel.hpp>

#include <signet/base/error.hpp>
#include <signet/os/unix_stream.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/wire/frame.hpp>

#include <gtest/gtest.h>

#include <random>

namespace signet::transport {
namespace {

using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

/// Writes at most `room` bytes before it is full.
class narrow_stream final : public byte_stream {
public:
    explicit narrow_stream(os::unix_stream_socket socket) : socket_{std::move(socket)} {}

    os::stream_result read_some(std::span<std::byte> buffer, deadline until) override {
        return socket_.read_some(buffer, until);
    }
    os::stream_result write_some(std::span<const std::byte> bytes, deadline until) override {
        if (room == 0) return {os::stream_status::timed_out, 0};
        const auto some = socket_.write_some(bytes.first(std::min(bytes.size(), room)), until);
        room -= some.bytes;
        return some;
    }
    bool end_writing() override { return socket_.end_writing(); }
    peer_identity peer() const override { return {}; }
    int read_fd() const noexcept override { return socket_.fd(); }
    int write_fd() const noexcept override { return socket_.fd(); }

    std::size_t room = 1 << 30;

private:
    os::unix_stream_socket socket_;
};

class StreamChannel : public ::testing::Test {
protected:
    explicit StreamChannel(const channel_options& options = {.message_bytes_max = 1000}) {
        auto [ours, theirs] = os::unix_stream_socket::pair();
        peer_.emplace(std::move(theirs));
        auto stream = std::make_unique<narrow_stream>(std::move(ours));
        stream_ = stream.get();
        end_ = stream_channel::accept(std::move(stream), "the channel", {}, options);
        read_all_there();
    }

    void say(std::span<const std::byte> bytes) { peer_->write_all(bytes, never); }
    void say(frame_kind kind, std::span<const std::byte> body) {
        say(frame_header{kind, static_cast<std::uint32_t>(body.size())}.written());
        say(body);
    }
    void say_hello() { say(frame_kind::hello, written_greeting({}, {})); }

    std::string receive() {
        incoming got;
        switch (end_->receive(got, patience::none())) {
            case flow::done: return text_of(got.bytes);
            case flow::timed_out: return "nothing yet";
            case flow::ended: break;
        }
        return "the end";
    }
    std::string complaint() {
        return complaint_of([&] { receive(); });
    }
    std::string read_all_there() {
        testing::text_buffer buffer{100'000};
        return buffer.first(peer_->read_some(buffer.bytes(), deadline::min()).bytes);
    }
    flow send(std::string_view text) {
        const auto bytes = bytes_of(text);
        return end_->send({.parts = {&bytes, 1}}, patience::none());
    }

    std::optional<os::unix_stream_socket> peer_;
    narrow_stream* stream_ = nullptr;
    std::unique_ptr<channel_end> end_;
};

bool tells(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

TEST_F(StreamChannel, TakesAMessageThatComesByteByByte) {
    say_hello();
    const auto header = frame_header{frame_kind::message, 5}.written();
    for (const std::byte& one : header) {
        EXPECT_EQ(receive(), "nothing yet");
        say({&one, 1});
    }
    say(bytes_of("piec"));
    EXPECT_EQ(receive(), "nothing yet");
    say(bytes_of("e"));
    EXPECT_EQ(receive(), "piece");
}

TEST_F(StreamChannel, TakesManyMessagesOfOneRead) {
    say_hello();
    for (const char* text : {"one", "two", "three"}) say(frame_kind::message, bytes_of(text));
    for (const char* text : {"one", "two", "three", "nothing yet"}) EXPECT_EQ(receive(), text);
}

TEST_F(StreamChannel, SendsTheRestOfAMessageWithTheNextCall) {
    stream_->room = 3;
    EXPECT_EQ(send("message"), flow::done);
    EXPECT_EQ(send("another"), flow::timed_out);
    stream_->room = 1000;
    EXPECT_EQ(receive(), "nothing yet");
    EXPECT_EQ(read_all_there(), std::string("\7\0\0\0message", 11));
}

TEST_F(StreamChannel, ComplainsOfAPeerThatSpeaksSomethingElse) {
    say(bytes_of("GET / HTTP/1.1\r\nHost: example\r\n\r\n"));
    EXPECT_TRUE(tells(complaint(), "not a frame of Signet; for peers that know nothing of Signet"));
}

TEST_F(StreamChannel, ComplainsOfAMessageBeforeTheHello) {
    say(frame_kind::message, bytes_of("early"));
    EXPECT_TRUE(tells(complaint(), "not a frame of Signet"));
}

TEST_F(StreamChannel, ComplainsOfASecondHello) {
    say_hello();
    say_hello();
    EXPECT_TRUE(tells(complaint(), "hello twice"));
}

TEST_F(StreamChannel, RefusesAnotherVersionWithTheReason) {
    wire::frame_writer hello{"hello"};
    hello.put("version", 99);
    say(frame_kind::hello, hello.take());
    EXPECT_TRUE(tells(complaint(), "version 99 of channels"));
    EXPECT_TRUE(tells(read_all_there(), "version 99 of channels"));
}

TEST_F(StreamChannel, TellsWhyItWasRefused) {
    say(frame_kind::refusal, bytes_of("you are not invited"));
    EXPECT_TRUE(tells(complaint(), "you are not invited"));
}

TEST_F(StreamChannel, ComplainsOfALengthBeforeItTakesMemory) {
    say_hello();
    say(frame_header{frame_kind::message, frame_header::length_max}.written());
    EXPECT_TRUE(tells(complaint(), "sends 268435455 bytes at once; we take 1000"));
}

TEST_F(StreamChannel, DoesNotSendMoreThanThePeerTakes) {
    const auto hello = written_greeting({}, {.message_bytes_max = 3});
    say(frame_kind::hello, hello);
    EXPECT_EQ(receive(), "nothing yet");
    EXPECT_EQ(send("two"), flow::done);
    EXPECT_TRUE(tells(complaint_of([&] { send("four"); }), "the peer takes 3"));
}

TEST_F(StreamChannel, ComplainsOfAnEndThatIsNotEmpty) {
    say_hello();
    say(frame_kind::end, bytes_of("?"));
    EXPECT_TRUE(tells(complaint(), "sends 1 bytes at once; we take 0"));
}

TEST_F(StreamChannel, ComplainsOfDescriptorsThatDoNotCome) {
    say_hello();
    say(frame_kind::accompanied, bytes_of("\2message"));
    EXPECT_TRUE(tells(complaint(), "2 descriptors"));
}

TEST_F(StreamChannel, IsToldOfADeathInTheMiddleOfAMessage) {
    say_hello();
    say(frame_header{frame_kind::message, 10}.written());
    say(bytes_of("half"));
    peer_.reset();
    EXPECT_TRUE(tells(complaint(), "ended without closing it"));
}

TEST_F(StreamChannel, IgnoresWhatComesAfterTheEnd) {
    say_hello();
    say(frame_kind::end, {});
    say(bytes_of("garbage that nobody reads"));
    EXPECT_EQ(receive(), "the end");
    EXPECT_EQ(receive(), "the end");
}

TEST_F(StreamChannel, DoesNotSendAfterItsEnd) {
    end_->end_sending({});
    EXPECT_THROW(send("one more thing"), contract_violation);
}

TEST(StreamChannelThatConnects, MeetsOneThatHasClosedAlready) {
    auto [ours, theirs] = os::unix_stream_socket::pair();
    {
        stream_channel::accept(std::make_unique<narrow_stream>(std::move(theirs)), "it", {}, {});
    }
    const auto end = stream_channel::connect(std::make_unique<narrow_stream>(std::move(ours)), "us",
                                             {}, {}, after(std::chrono::seconds{60}));
    incoming got;
    EXPECT_EQ(end->receive(got, {}), flow::ended);
}

/// Lines for peers that know nothing of frames.
class StreamOfLines : public StreamChannel {
protected:
    StreamOfLines() : StreamChannel{{.message_bytes_max = 10, .frames = framing::lines}} {}
};

TEST_F(StreamOfLines, TakesLinesAndTheRestAtTheEnd) {
    say(bytes_of("one\n\nthree\nrest"));
    for (const char* text : {"one", "", "three", "nothing yet"}) EXPECT_EQ(receive(), text);
    peer_->end_writing();
    EXPECT_EQ(receive(), "rest");
    EXPECT_EQ(receive(), "the end");
}

TEST_F(StreamOfLines, SendsLines) {
    EXPECT_EQ(send("hello"), flow::done);
    EXPECT_EQ(read_all_there(), "hello\n");
    EXPECT_TRUE(tells(complaint_of([&] { send("a\nb"); }), "no line feed"));
}

TEST_F(StreamOfLines, ComplainsOfALineThatIsTooLong) {
    say(bytes_of("eleven char"));
    EXPECT_TRUE(tells(complaint(), "longer than message_bytes_max"));
}

// ---- garbage ------------------------------------------------------------------------------------

/// A conversation in which some bytes are others than they should be, or are missing.
std::vector<std::byte> spoiled_conversation(std::minstd_rand& random) {
    std::vector<std::byte> said;
    const auto put = [&](std::span<const std::byte> bytes) {
        said.insert(said.end(), bytes.begin(), bytes.end());
    };
    const auto hello = written_greeting({}, {});
    put(frame_header{frame_kind::hello, static_cast<std::uint32_t>(hello.size())}.written());
    put(hello);
    for (std::uint32_t length : {3u, 0u, 200u}) {
        put(frame_header{frame_kind::message, length}.written());
        put(std::vector<std::byte>(length));
    }
    for (int i = 0; i < 3; ++i) said[random() % said.size()] = static_cast<std::byte>(random());
    said.resize(1 + random() % said.size());
    return said;
}

TEST(StreamChannelAgainstGarbage, AnswersWithMessagesOrAnError) {
    std::minstd_rand random{1};
    int complaints = 0;
    for (int round = 0; round < 2000; ++round) {
        auto [ours, theirs] = os::unix_stream_socket::pair();
        const auto end = stream_channel::accept(std::make_unique<narrow_stream>(std::move(ours)),
                                                "the channel", {}, {.message_bytes_max = 1000});
        theirs.write_all(spoiled_conversation(random), never);
        theirs.end_writing();
        const std::string text = complaint_of([&] {
            incoming got;
            for (int i = 0; i < 10 && end->receive(got, patience::none()) == flow::done; ++i) {
                EXPECT_LE(got.bytes.size(), 1000u);
            }
        });
        complaints += text != "no error";  // else a byte came to mean the end
    }
    EXPECT_GT(complaints, 1900);
}

}  // namespace
}  // namespace signet::transport
