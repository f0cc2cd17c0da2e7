// SPDX-License-Identifier: Apache-2.0
// What is special to channels in shared memory; what all channels do is in tests/conformance.
#include <signet/transport/shm/shm_channel.hpp>

#include <signet/base/error.hpp>
#include <signet/channel.hpp>
#include <signet/life/rendezvous_directory.hpp>
#include <signet/listener.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/limits.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/sleepers.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/shm/channel_name.hpp>
#include <signet/transport/wait_engine.hpp>
#include <signet/wait_set.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <initializer_list>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signet::transport::shm {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::eventually;
using testing::forked_peer;
using testing::text_of;
using testing::watched_thread;

constexpr channel_options sleepy{.waiting = life::wait_mode::sleep};
constexpr channel_options small{
    .message_bytes_max = 4000, .buffer_bytes = 8192, .waiting = life::wait_mode::sleep};

bool mentions(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

class ShmChannel : public ::testing::Test {
protected:
    ShmChannel() { setenv("SIGNET_DIR", place_.path().c_str(), 1); }
    ~ShmChannel() override { unsetenv("SIGNET_DIR"); }

    struct pair {
        raw_channel client;
        raw_channel server;
    };
    static pair meet(raw_listener& door, const channel_options& options = {}) {
        auto client = std::async(std::launch::async, [&] { return raw_channel{"line", options}; });
        std::optional<raw_channel> server = door.accept();
        return {client.get(), std::move(*server)};
    }
    static pair meet(const channel_options& options = {}) {
        raw_listener door{"line", options};
        return meet(door, options);
    }

    testing::temporary_directory place_;
};

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

/// Files that can be told from each other: with this much in them.
std::vector<os::pipe_ends> pipes_with(std::initializer_list<const char*> texts) {
    std::vector<os::pipe_ends> all;
    for (const char* text : texts) {
        all.push_back(os::pipe_ends::create());
        all.back().writer.write_all(bytes_of(text), after(60s));
        all.back().writer.close();
    }
    return all;
}

std::string text_in(os::descriptor& file) {
    testing::text_buffer room{100};
    auto pipe = os::pipe_reader::adopt(std::move(file));
    return room.first(pipe.read_some(room.bytes(), after(60s)).bytes);
}

// ---- names --------------------------------------------------------------------------------------

TEST_F(ShmChannel, ABareNameIsTheSameAsOneWithItsScheme) {
    raw_listener door{"robot/arm"};
    EXPECT_EQ(door.address(), "shm://robot/arm");
    auto client = std::async(std::launch::async, [] { return raw_channel{"shm://robot/arm"}; });
    EXPECT_TRUE(door.accept());
    client.get();
}

TEST_F(ShmChannel, NamesOfAllLengthsAreNames) {
    for (const std::size_t length : {1, 79, 80, 81, 199, 200}) {
        const std::string name(length, 'n');
        raw_listener door{name};
        auto client = std::async(std::launch::async, [&] { return raw_channel{name}; });
        EXPECT_TRUE(door.accept()) << length;
        client.get();
    }
}

TEST_F(ShmChannel, LongNamesThatBeginAlikeAreDifferent) {
    const raw_listener one{std::string(150, 'n') + "/one"};
    const raw_listener other{std::string(150, 'n') + "/other"};
    EXPECT_NE(one.address(), other.address());
}

TEST_F(ShmChannel, ASocketThatADeadListenerLeftIsReplaced) {
    forked_peer victim{[] {
        raw_listener door{"line"};
        door.accept();
        return testing::wait_to_be_killed(), 0;
    }};
    eventually([] { return complaint_of([] { raw_channel{"line"}; }) == "no error"; });
    victim.kill();
    EXPECT_TRUE(mentions(complaint_of([] { raw_channel{"line"}; }), "nobody listens"));
    auto [client, server] = meet();
    client.send(bytes_of("again"));
    EXPECT_EQ(next_text(server), "again");
}

TEST_F(ShmChannel, ALivingListenerKeepsItsName) {
    const raw_listener door{"line"};
    EXPECT_NE(complaint_of([] { raw_listener{"line"}; }), "no error");
}

// ---- options and limits -------------------------------------------------------------------------

TEST_F(ShmChannel, WhatItCannotDoIsAClearError) {
    const channel_options lines{.frames = framing::lines};
    raw_listener door{"line", lines};
    EXPECT_TRUE(mentions(complaint_of([&] { raw_channel("line", lines); }), "framing::messages"));
    const channel_options vast{.message_bytes_max = std::uint64_t{1} << 28};
    EXPECT_TRUE(mentions(complaint_of([&] { raw_channel("line", vast); }), "message_bytes_max"));
    const channel_options deep{.buffer_bytes = ~std::uint64_t{0}};
    EXPECT_TRUE(mentions(complaint_of([&] { raw_channel("line", deep); }), "buffer_bytes"));
}

TEST_F(ShmChannel, TheSmallerLimitOfBothHolds) {
    raw_listener door{"line", {.message_bytes_max = 100}};
    auto [client, server] = meet(door);
    EXPECT_TRUE(
        mentions(complaint_of([&client = client] { client.send(bytes_of(std::string(101, 'x'))); }),
                 "message_bytes_max is 100"));
    EXPECT_TRUE(client.send(bytes_of(std::string(100, 'x'))));
    EXPECT_EQ(next_text(server).size(), 100u);
}

TEST_F(ShmChannel, AMessageMayBeLargerThanTheBuffer) {
    auto [client, server] = meet({.message_bytes_max = 100'000, .buffer_bytes = 1000});
    const std::string large(100'000, 'x');
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(client.send(bytes_of(large)));
        EXPECT_TRUE(next_text(server) == large);
    }
}

// A loop that receives one message each time it is told of one would otherwise wait for ever.
TEST_F(ShmChannel, TheLargestMessageHasRoomBesideTheOneThatIsHeld) {
    auto [client, server] = meet({.message_bytes_max = 100'000, .buffer_bytes = 1000});
    const std::string large(100'000, 'x');
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(client.try_send(bytes_of(large))) << i;
        EXPECT_TRUE(server.try_receive());
    }
}

int descriptors_of_a_pair(const channel_options& options) {
    raw_listener door{"count", options};
    std::vector<raw_channel> ends;
    const auto add = [&] {
        auto client = std::async(std::launch::async, [&] { return raw_channel{"count", options}; });
        ends.push_back(std::move(*door.accept()));
        ends.push_back(client.get());
        for (raw_channel& one : ends) one.try_receive();
    };
    add();
    const int before = testing::open_descriptors();
    add();
    return testing::open_descriptors() - before;
}

TEST_F(ShmChannel, AnEndHasThreeDescriptors) {
    EXPECT_EQ(descriptors_of_a_pair({}), 6);
}

TEST_F(ShmChannel, AThousandAreInOneProcess) {
    os::raise_descriptor_limit();
    raw_listener door{"line"};
    std::vector<pair> all;
    for (int i = 0; i < 1000; ++i) all.push_back(meet(door));
    for (std::size_t i = 0; i < all.size(); ++i) all[i].client.send(bytes_of(std::to_string(i)));
    std::size_t right = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
        right += next_text(all[i].server) == std::to_string(i);
    EXPECT_EQ(right, all.size());
}

thread_local int calls = 0;
os::kernel_entry real_kernel = nullptr;

long count_call(long number, const os::kernel_arguments& arguments) {
    ++calls;
    return real_kernel(number, arguments);
}

TEST_F(ShmChannel, MakesNoSystemCallForAMessage) {
    auto [client, server] = meet({.message_bytes_max = 1000, .buffer_bytes = 8192});
    const auto round_trip = [&client = client, &server = server] {
        return client.try_send(bytes_of("ping")) && server.try_receive() &&
               server.try_send(bytes_of("pong")) && client.try_receive();
    };
    int right = 0;
    for (int i = 0; i < 1000; ++i) right += round_trip();  // all memory is there then
    real_kernel = os::exchange_kernel_entry(&count_call);
    for (int i = 0; i < 1000; ++i) right += round_trip();
    os::exchange_kernel_entry(real_kernel);
    EXPECT_EQ(right, 2000);
    EXPECT_EQ(calls, 0);
}

// ---- sleeping -----------------------------------------------------------------------------------

TEST_F(ShmChannel, WhoSleepsForAMessageIsWoken) {
    const testing::without_backstop none;
    auto [client, server] = meet(sleepy);
    for (int i = 0; i < 20; ++i) {
        std::string got;
        watched_thread reader{[&got, &server = server] { got = next_text(server); }};
        EXPECT_TRUE(reader.falls_asleep());
        client.send(bytes_of("wake up"));
        reader.join();
        EXPECT_EQ(got, "wake up");
    }
}

TEST_F(ShmChannel, WhoSleepsForRoomIsWoken) {
    const testing::without_backstop none;
    auto [client, server] = meet(small);
    const std::string message(4000, 'x');
    for (int i = 0; i < 20; ++i) {
        while (client.try_send(bytes_of(message))) continue;
        watched_thread writer{[&client = client, &message] { client.send(bytes_of(message)); }};
        EXPECT_TRUE(writer.falls_asleep());
        while (server.try_receive()) continue;
        writer.join();
    }
}

TEST_F(ShmChannel, WhoSleepsIsWokenByTheEnd) {
    const testing::without_backstop none;
    auto [client, server] = meet(small);
    while (server.try_send(bytes_of("x"))) continue;
    bool received = true;
    bool sent = true;
    watched_thread reader{[&, &server = server] { received = server.receive().has_value(); }};
    watched_thread writer{[&, &server = server] { sent = server.send(bytes_of("more")); }};
    EXPECT_TRUE(reader.falls_asleep() && writer.falls_asleep());
    {
        const raw_channel leaving = std::move(client);
    }
    reader.join();
    writer.join();
    EXPECT_FALSE(received || sent);
}

TEST_F(ShmChannel, WhoSleepsIsWokenByADeath) {
    const testing::without_backstop none;
    raw_listener door{"line", small};
    forked_peer victim{[] {
        raw_channel line{"line"};
        line.send(bytes_of("here"));
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> line = door.accept();
    EXPECT_EQ(next_text(*line), "here");
    while (line->send_for(bytes_of("x"), 1ms)) continue;
    std::string reading;
    std::string writing;
    watched_thread reader{[&] { reading = complaint_of([&] { line->receive(); }); }};
    watched_thread writer{[&] { writing = complaint_of([&] { line->send(bytes_of("more")); }); }};
    EXPECT_TRUE(reader.falls_asleep() && writer.falls_asleep());
    victim.kill();
    reader.join();
    writer.join();
    EXPECT_TRUE(mentions(reading, "ended without closing")) << reading;
    EXPECT_TRUE(mentions(writing, "ended without closing")) << writing;
}

TEST_F(ShmChannel, WhoSleepsIsWokenByAStop) {
    const testing::without_backstop none;
    auto [client, server] = meet(small);
    while (client.try_send(bytes_of("x"))) continue;
    std::stop_source stop;
    bool sent = true;
    watched_thread writer{
        [&, &client = client] { sent = client.send(bytes_of("more"), stop.get_token()); }};
    EXPECT_TRUE(writer.falls_asleep());
    stop.request_stop();
    writer.join();
    EXPECT_FALSE(sent);
}

TEST_F(ShmChannel, WhoPollsIsToldOfADeathToo) {
    raw_listener door{"line", {.waiting = life::wait_mode::poll}};
    forked_peer victim{[] {
        const raw_channel line{"line"};
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> line = door.accept();
    auto told =
        std::async(std::launch::async, [&] { return complaint_of([&] { line->receive(); }); });
    victim.kill();
    EXPECT_TRUE(mentions(told.get(), "ended without closing"));
}

// ---- waiting for many ---------------------------------------------------------------------------

class ShmChannelWatch : public ShmChannel, public ::testing::WithParamInterface<bool> {
protected:
    /// With a descriptor in the set it sleeps on descriptors, else on words.
    void prepare(wait_engine& set) {
        if (GetParam()) set.add_descriptor(idle_.fd(), os::interest::readable);
    }
    os::event idle_;
};

TEST_P(ShmChannelWatch, AMessageWakesAWaitForMany) {
    const testing::without_backstop none;
    auto [client, server] = meet(sleepy);
    wait_engine set{life::wait_mode::sleep};
    prepare(set);
    const wait_key key = set.add(server.watch());
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(server.try_receive());
        std::size_t found = 0;
        watched_thread waiter{[&] { found = set.wait({}).size(); }};
        EXPECT_TRUE(waiter.falls_asleep());
        client.send(bytes_of("now"));
        waiter.join();
        EXPECT_EQ(found, 1u);
        EXPECT_EQ(next_text(server), "now");
    }
    EXPECT_TRUE(set.remove(key));
}

TEST_P(ShmChannelWatch, RoomWakesAWaitForMany) {
    const testing::without_backstop none;
    auto [client, server] = meet(small);
    wait_engine set{life::wait_mode::sleep};
    prepare(set);
    set.add(client.watch(direction::sending));
    for (int i = 0; i < 10; ++i) {
        while (client.try_send(bytes_of("x"))) continue;
        std::size_t found = 0;
        watched_thread waiter{[&] { found = set.wait({}).size(); }};
        EXPECT_TRUE(waiter.falls_asleep());
        while (server.try_receive()) continue;
        waiter.join();
        EXPECT_EQ(found, 1u);
    }
}

TEST_P(ShmChannelWatch, ADeathWakesAWaitForMany) {
    const testing::without_backstop none;
    raw_listener door{"line"};
    forked_peer victim{[] {
        const raw_channel line{"line"};
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> line = door.accept();
    EXPECT_FALSE(line->receive_for(1ms));
    wait_engine set{life::wait_mode::sleep};
    prepare(set);
    set.add(line->watch());
    watched_thread waiter{[&] { set.wait({}); }};
    EXPECT_TRUE(waiter.falls_asleep());
    victim.kill();
    waiter.join();
    EXPECT_NE(complaint_of([&] { line->try_receive(); }), "no error");
}

INSTANTIATE_TEST_SUITE_P(On, ShmChannelWatch, ::testing::Bool(), [](const auto& how) {
    return std::string{how.param ? "descriptors" : "words"};
});

// ---- among many that are idle -------------------------------------------------------------------

/// Counts the looks at what it stands for.
class counted_watch final : public waitable {
public:
    counted_watch(std::unique_ptr<waitable> of, int& looks) : of_{std::move(of)}, looks_{looks} {}
    const void* identity() const noexcept override { return of_->identity(); }
    bool ready() override { return ++looks_, of_->ready(); }
    std::size_t words() const override { return of_->words(); }
    void arm(std::vector<os::futex_waiter>& words) override { of_->arm(words); }
    int fd() override { return of_->fd(); }
    void arm_fd() override { of_->arm_fd(); }
    void touched() noexcept override { of_->touched(); }
    int board_fd() override { return of_->board_fd(); }
    bool tell_on_board(std::uint32_t mark) override { return of_->tell_on_board(mark); }

private:
    std::unique_ptr<waitable> of_;
    int& looks_;
};

class ShmChannelCrowd : public ShmChannelWatch {
protected:
    /// So many that are idle by now, in the set.
    void fill(std::size_t count) {
        os::raise_descriptor_limit();
        prepare(set_);
        raw_listener door{"line", sleepy};
        while (all_.size() < count) add(meet(door, sleepy));
        EXPECT_TRUE(eventually([&] { return looks_of_a_wait() < 100; }));
        looks_ = 0;
    }
    int looks_of_a_wait() {
        looks_ = 0;
        EXPECT_TRUE(set_.wait({after(2ms), {}}).empty());
        return looks_;
    }
    void add(pair&& one) {
        all_.push_back(std::move(one));
        keys_.push_back(
            set_.add(std::make_unique<counted_watch>(all_.back().server.watch(), looks_)));
    }
    wait_key wait_for_one() {
        const auto ready = set_.wait({});
        EXPECT_EQ(ready.size(), 1u);
        return ready.front();
    }

    std::vector<pair> all_;
    std::vector<wait_key> keys_;
    wait_engine set_{life::wait_mode::sleep};
    int looks_ = 0;
};

TEST_P(ShmChannelCrowd, AMessageCostsNoLookAtThoseThatAreIdle) {
    const testing::without_backstop none;
    fill(1000);
    for (std::size_t i = 0; i < 100; ++i) {
        pair& busy = all_[i / 10 * 77];
        const std::jthread other{[&] { busy.client.send(bytes_of("now")); }};
        EXPECT_EQ(wait_for_one(), keys_[i / 10 * 77]);
        EXPECT_EQ(next_text(busy.server), "now");
    }
    EXPECT_LT(looks_, 100 * 50);
}

TEST_P(ShmChannelCrowd, AnEndOfAnyEndsAWait) {
    const testing::without_backstop none;
    fill(20);
    for (std::size_t i = 0; i < 20; ++i) {
        const std::jthread other{[gone = std::move(all_[i].client)]() mutable {
            const raw_channel now = std::move(gone);
        }};
        EXPECT_EQ(wait_for_one(), keys_[i]);
        EXPECT_FALSE(all_[i].server.receive());
        EXPECT_TRUE(set_.remove(keys_[i]));
    }
}

TEST_P(ShmChannelCrowd, ADeathOfAnyEndsAWait) {
    const testing::without_backstop none;
    raw_listener door{"victim", sleepy};
    forked_peer victim{[] {
        const raw_channel line{"victim", sleepy};
        return testing::wait_to_be_killed(), 0;
    }};
    const raw_channel line = *door.accept();
    const wait_key key = set_.add(line.watch());
    fill(20);
    watched_thread waiter{[&] { EXPECT_EQ(wait_for_one(), key); }};
    EXPECT_TRUE(waiter.falls_asleep());
    victim.kill();
    waiter.join();
}

TEST_P(ShmChannelCrowd, OneThatMovedToAnotherSetIsToldThere) {
    const testing::without_backstop none;
    fill(20);
    wait_engine other{life::wait_mode::sleep};
    prepare(other);
    EXPECT_TRUE(set_.remove(keys_[7]));
    const wait_key key = other.add(all_[7].server.watch());
    EXPECT_TRUE(other.wait({after(2ms), {}}).empty());
    const std::jthread sender{[&] { all_[7].client.send(bytes_of("now")); }};
    EXPECT_EQ(other.wait({}).front(), key);
    EXPECT_TRUE(set_.wait({after(2ms), {}}).empty());
}

TEST_P(ShmChannelCrowd, AForkedChildIsToldThatItMustNotWaitForThem) {
    fill(20);
    const int code = testing::exit_code_of_forked([&] {
        const auto told = [](const std::string& complaint) { return mentions(complaint, "fork"); };
        return told(complaint_of([&] { set_.wait(patience::none()); })) &&
                       told(complaint_of([&] { set_.arm(); }))
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
    all_[7].client.send(bytes_of("the parent goes on"));
    EXPECT_EQ(wait_for_one(), keys_[7]);
}

INSTANTIATE_TEST_SUITE_P(On, ShmChannelCrowd, ::testing::Bool(), [](const auto& how) {
    return std::string{how.param ? "descriptors" : "words"};
});

TEST_F(ShmChannel, ItsDescriptorIsUnreadableWhenNothingIsThere) {
    auto [client, server] = meet();
    const int fd = server.fd();
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(server.try_receive());
        EXPECT_FALSE(os::wait_readable(fd, deadline::min())) << i;
        client.send(bytes_of("now"));
        EXPECT_TRUE(os::wait_readable(fd, after(60s)));
        EXPECT_TRUE(server.try_receive());
        EXPECT_TRUE(os::wait_readable(fd, deadline::min()))
            << "nobody looked whether more is there";
    }
}

// ---- forks, strangers and liars -----------------------------------------------------------------

TEST_F(ShmChannel, AForkedChildIsToldThatItMustNotUseIt) {
    auto [client, server] = meet();
    const int code = testing::exit_code_of_forked([&client = client] {
        const bool told = mentions(complaint_of([&] { client.try_send(bytes_of("x")); }), "fork") &&
                          mentions(complaint_of([&] { client.try_receive(); }), "fork");
        return told ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    client.send(bytes_of("the parent goes on"));
    EXPECT_EQ(next_text(server), "the parent goes on");
}

TEST_F(ShmChannel, AChildOfTheDeadDoesNotHideItsDeath) {
    raw_listener door{"line"};
    forked_peer victim{[] {
        raw_channel line{"line"};
        const forked_peer child{[] { return testing::wait_to_be_killed(), 0; }};
        line.send(bytes_of(std::to_string(child.pid())));
        kill(getpid(), SIGKILL);
        return 0;
    }};
    std::optional<raw_channel> line = door.accept();
    const int child = std::stoi(next_text(*line));
    EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "ended without closing"));
    EXPECT_EQ(kill(child, SIGKILL), 0);
}

os::seqpacket_socket stranger() {
    return channel_name{"line"}.connect(after(60s));
}

TEST_F(ShmChannel, WhoSaysNothingHoldsNobodyUp) {
    raw_listener door{"line"};
    const os::seqpacket_socket silent = stranger();
    std::optional<raw_channel> with_silent = door.accept();
    EXPECT_FALSE(with_silent->try_receive());
    EXPECT_FALSE(with_silent->send_for(bytes_of("hello?"), 1ms));
    auto [client, server] = meet(door);
    client.send(bytes_of("we talk"));
    EXPECT_EQ(next_text(server), "we talk");
}

TEST_F(ShmChannel, WhoSaysGarbageIsTold) {
    raw_listener door{"line"};
    for (const char* garbage : {"garbage",
                                "\x81\xa4kind\xa7"
                                "channel",
                                "\x81\xa4kind\xa5hello"}) {
        os::seqpacket_socket liar = stranger();
        liar.try_send(bytes_of(garbage));
        std::optional<raw_channel> line = door.accept();
        const std::string first = complaint_of([&] { line->receive(); });
        EXPECT_NE(first, "no error") << garbage;
        EXPECT_EQ(complaint_of([&] { line->receive(); }), first) << "it is told each time";
    }
}

TEST_F(ShmChannel, WhoDiesBeforeItsHelloIsReadyAndThenTold) {
    raw_listener door{"line"};
    std::optional<os::seqpacket_socket> dead{stranger()};
    std::optional<raw_channel> line = door.accept();
    dead.reset();
    wait_set set;
    set.add(*line);
    EXPECT_EQ(set.wait_for(60s).size(), 1u);
    EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "before it said hello"));
}

/// One that says a right hello, and then does what it likes with its memory.
struct liar {
    os::seqpacket_socket socket = stranger();
    own_side ours{small, "line"};

    explicit liar(std::string_view name = "line") { say_hello(socket, ours, name, {}, small); }
};

TEST_F(ShmChannel, AMessageThatCannotBeIsTold) {
    raw_listener door{"line", small};
    const liar peer;
    std::optional<raw_channel> line = door.accept();
    EXPECT_FALSE(line->try_receive());
    auto& word = *reinterpret_cast<memory::shared_word<std::uint64_t>*>(
        peer.ours.segment.bytes.data() + peer.ours.shape.half_offset(0));
    word.store(memory::record_word::of(0, 4001), std::memory_order_release);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "no correct peer"));
    }
}

TEST_F(ShmChannel, ALapThatCannotBeIsTold) {
    raw_listener door{"line", small};
    const liar peer;
    std::optional<raw_channel> line = door.accept();
    peer.ours.page().lap.store(99, std::memory_order_release);
    EXPECT_TRUE(mentions(complaint_of([&] {
                             while (line->try_send(bytes_of("x"))) continue;
                         }),
                         "never sent"));
}

TEST_F(ShmChannel, BellsAndEndsThatAreForgedCostNoMessage) {
    raw_listener door{"line", small};
    liar peer;
    std::optional<raw_channel> line = door.accept();
    peer.ours.bell().data.word.store(~0u, std::memory_order_release);
    peer.ours.page().ended.store(77, std::memory_order_release);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(line->send(bytes_of("x")));
    EXPECT_FALSE(line->receive_for(1ms));
    EXPECT_FALSE(line->ended());
}

TEST_F(ShmChannel, AnotherNameThanOursIsRefused) {
    raw_listener door{"line", small};
    const liar peer{"other"};
    std::optional<raw_channel> line = door.accept();
    EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "means 'other'"));
}

TEST_F(ShmChannel, MemoryThatIsNotSealedIsRefused) {
    raw_listener door{"line", small};
    os::seqpacket_socket socket = stranger();
    own_side ours{small, "line"};
    std::swap(ours.segment.file, ours.bells.file);  // that of the bells is sealed, but writable
    say_hello(socket, ours, "line", {}, small);
    std::optional<raw_channel> line = door.accept();
    EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "map a peer's memory"));
}

// ---- open files ---------------------------------------------------------------------------------

constexpr channel_options small_with_files{.message_bytes_max = 4000,
                                           .buffer_bytes = 8192,
                                           .descriptors_max = 2,
                                           .waiting = life::wait_mode::sleep};

void send_with(raw_channel& on, const char* text, std::initializer_list<int> files) {
    on.send_with(bytes_of(text), std::vector<int>{files});
}

/// Whether there was room.
bool try_send_with_file(raw_channel& on) {
    std::stop_source never_waits;
    never_waits.request_stop();
    return on.send_with(bytes_of("x"), std::array{0}, never_waits.get_token());
}

TEST_F(ShmChannel, FilesComeWithTheirOwnMessage) {
    auto [client, server] = meet(small_with_files);
    const auto pipes = pipes_with({"first", "second", "third"});
    send_with(client, "two", {pipes[0].reader.fd(), pipes[1].reader.fd()});
    client.send(bytes_of("none"));
    send_with(client, "one", {pipes[2].reader.fd()});
    auto two = std::move(server.receive()->descriptors);
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(text_in(two[0]) + text_in(two[1]), "firstsecond");
    EXPECT_TRUE(server.receive()->descriptors.empty());
    EXPECT_EQ(text_in(server.receive()->descriptors.at(0)), "third");
}

TEST_F(ShmChannel, ARingThatIsFullHasTheFilesOfAll) {
    channel_options large = small_with_files;
    large.buffer_bytes = 1 << 20;
    auto [client, server] = meet(large);
    std::size_t sent = 0;
    while (try_send_with_file(client)) ++sent;
    EXPECT_GE(sent, 100u);
    for (std::size_t i = 0; i < sent; ++i) ASSERT_EQ(server.receive()->descriptors.size(), 1u);
}

TEST_F(ShmChannel, MoreFilesThanAreTakenAreToldAndTheNextMessageComes) {
    auto [client, server] = meet(small_with_files);
    send_with(client, "three", {0, 0, 0});
    send_with(client, "one", {0});
    EXPECT_TRUE(mentions(complaint_of([&, &server = server] { server.receive(); }),
                         "descriptors_max is 2"));
    const auto next = server.receive();
    EXPECT_EQ(text_of(next->bytes), "one");
    EXPECT_EQ(next->descriptors.size(), 1u);
}

TEST_F(ShmChannel, FilesAreThereWhenTheirSenderIsDead) {
    raw_listener door{"line", small_with_files};
    forked_peer victim{[] {
        raw_channel line{"line", small_with_files};
        send_with(line, "a pipe", {pipes_with({"from the dead"})[0].reader.fd()});
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> line = door.accept();
    ASSERT_TRUE(victim.await());
    victim.kill();
    EXPECT_EQ(text_in(line->receive()->descriptors.at(0)), "from the dead");
    EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "ended without closing"));
}

/// Publishes a message with files, whatever came of them.
void publish_accompanied(const liar& by) {
    auto& word = *reinterpret_cast<memory::shared_word<std::uint64_t>*>(
        by.ours.segment.bytes.data() + by.ours.shape.half_offset(0));
    word.store(memory::record_word::of(0, 1, memory::beside::files), std::memory_order_release);
}

TEST_F(ShmChannel, AMessageWithoutTheFilesThatItAnnouncesIsTold) {
    raw_listener door{"line", small_with_files};
    const liar peer;
    std::optional<raw_channel> line = door.accept();
    EXPECT_FALSE(line->try_receive());
    publish_accompanied(peer);
    EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "without the open files"));
}

TEST_F(ShmChannel, FilesOfAnotherMessageAreNotTaken) {
    raw_listener door{"line", small_with_files};
    for (const std::string_view notice : {"\1\0\0\0\0\0\0\0"sv, "\0"sv, "\0\0\0\0\0\0\0\0\0"sv}) {
        liar peer;
        std::optional<raw_channel> line = door.accept();
        peer.socket.try_send(bytes_of(notice), std::array{0});
        publish_accompanied(peer);
        EXPECT_TRUE(mentions(complaint_of([&] { line->receive(); }), "without the open files"));
    }
}

TEST_F(ShmChannel, APeerThatDoesNotTakeFilesIsTold) {
    raw_listener door{"line", small_with_files};
    const liar peer;
    std::optional<raw_channel> line = door.accept();
    const auto send_many = [&] {
        for (std::uint64_t lap = 1;; ++lap) {
            while (try_send_with_file(*line)) continue;
            peer.ours.page().lap.store(lap, std::memory_order_release);
        }
    };
    EXPECT_TRUE(mentions(complaint_of(send_many), "did not take their open files"));
}

}  // namespace
}  // namespace signet::transport::shm
