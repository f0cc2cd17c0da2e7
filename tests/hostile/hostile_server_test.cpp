// SPDX-License-Identifier: Apache-2.0
// Servers that mean harm to their client: whatever one of them says, or does not say, a call ends
// with a clear error, at its deadline at the latest, and costs bounded memory.
#include "foreign_end.hpp"
#include "options.hpp"

#include <signet/listener.hpp>
#include <signet/service.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/wire/mutator_test.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using wire::special;
using wire::special_value;

/// What this process has of memory.
std::size_t resident_bytes() {
    std::ifstream file{"/proc/self/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    file >> all >> resident;
    return resident * 4096;
}

class HostileServer : public ::testing::Test {
protected:
    using behaviour = std::function<void(foreign_end& with)>;

    /// Answers each hello, and then does that, until the test ends.
    void serve(behaviour what) {
        door_.emplace("unix://" + place_.path() + "/service",
                      channel_options{.frames = framing::bytes});
        serving_ = std::jthread{[this, what = std::move(what)](const std::stop_token& stop) {
            while (auto line = door_->accept(stop)) {
                foreign_end with{std::move(*line)};
                if (with.next() && with.send(response(0, 1))) what(with);
            }
        }};
    }

    client connect() const { return client{door_->address(), {.message_bytes_max = 1 << 20}}; }

    /// What a call comes to; none: it was answered.
    static std::optional<std::error_code> fate_of(const std::function<void()>& call) {
        try {
            call();
        } catch (const call_error& e) {
            EXPECT_NE(e.ran(), ran::no);
            return e.code();
        } catch (const error& e) {
            return e.code();
        }
        return std::nullopt;
    }
    std::optional<std::error_code> fate_of_call() const {
        return fate_of([&] { connect().call_for<int>(10s, "add", 2, 3); });
    }

    testing::temporary_directory place_;
    std::optional<raw_listener> door_;
    std::jthread serving_;
};

/// As long as somebody takes it.
void flood(foreign_end& with, const frame_text& frame) {
    while (with.send(frame)) {
    }
}

TEST_F(HostileServer, DoesNotKeepACallFromItsDeadline) {
    serve([](foreign_end& with) { flood(with, response(4711, 0)); });
    const auto call = [&] { connect().call_for(50ms, "add"); };
    EXPECT_EQ(fate_of(call), std::errc::timed_out);
}

TEST_F(HostileServer, DoesNotKeepAClientFromGivingUpAStreamItDoesNotReadOf) {
    serve([](foreign_end& with) {
        while (const auto asked = with.next_request()) {
            with.send(response(asked->id, special_value{special::stream, asked->id}));
            if (asked->id == 300)
                return flood(with, response(4711, special_value{special::stream, 9}));
        }
    });
    client there = connect();
    for (int i = 0; i < 299; ++i) there.call_for<stream<int>>(10s, "count");
    const auto call = [&] { there.call_for<int>(200ms, "add"); };
    EXPECT_TRUE(fate_of(call));
}

TEST_F(HostileServer, ThatCallsBackWithoutEndIsLeft) {
    serve([](foreign_end& with) {
        const auto asked = with.next();
        if (!asked) return;
        const auto lent = wire::read_special(asked->body);
        flood(with, request(7, "signet.back", {}, lent.number, std::string(1000, 'x')));
    });
    client there = connect();
    const auto held = there.async_call("hold", [](const std::string&) {});
    const auto call = [&] { there.call_for(10s, "add"); };
    const std::size_t before = resident_bytes();
    EXPECT_EQ(fate_of(call), errc::peer_misbehaved);
    EXPECT_LT(resident_bytes(), before + (std::size_t{64} << 20));
}

TEST_F(HostileServer, ThatCallsMethodsWithoutEndKeepsNobodyFromADeadline) {
    serve([](foreign_end& with) {
        flood(with, request(7, "no such method", {}, std::string(1000, 'x')));
    });
    const std::size_t before = resident_bytes();
    const auto call = [&] { connect().call_for(200ms, "add"); };
    EXPECT_TRUE(fate_of(call));
    EXPECT_LT(resident_bytes(), before + (std::size_t{64} << 20));
}

TEST_F(HostileServer, ThatAnswersWithOneStreamTwiceIsLeft) {
    serve([](foreign_end& with) {
        while (const auto asked = with.next_request()) {
            with.send(response(asked->id, special_value{special::stream, 7}));
        }
    });
    client there = connect();
    const auto first = there.call_for<stream<int>>(10s, "count");
    const auto second = [&] { there.call_for<stream<int>>(10s, "count"); };
    EXPECT_EQ(fate_of(second), errc::peer_misbehaved);
}

TEST_F(HostileServer, ThatSendsMoreItemsThanItMayIsLeft) {
    serve([](foreign_end& with) {
        while (with.next()) {
            with.send(response(1, special_value{special::stream, 7}));
            flood(with, notification("signet.item", 7, std::string(1000, 'x')));
        }
    });
    client there = connect();
    auto items = there.call_for<stream<std::string>>(10s, "count");
    const auto call = [&] { there.call_for(10s, "add"); };
    EXPECT_EQ(fate_of(call), errc::peer_misbehaved);
    const auto read_all = [&] {
        for (const auto& one : items) static_cast<void>(one);
    };
    EXPECT_EQ(fate_of(read_all), errc::peer_misbehaved);
}

// Each stream may be one item ahead of its window; all of them together may not.
TEST_F(HostileServer, ThatSendsAGiantItemInEachOfManyStreamsIsLeft) {
    serve([](foreign_end& with) {
        const std::string giant(1'000'000, 'x');
        while (const auto asked = with.next_request()) {
            with.send(response(asked->id, special_value{special::stream, asked->id}));
            with.send(notification("signet.item", asked->id, giant));
        }
    });
    client there = connect();
    std::vector<stream<std::string>> unread;
    const auto call = [&] {
        while (unread.size() < 500)
            unread.push_back(there.call_for<stream<std::string>>(10s, "count"));
    };
    const std::size_t before = resident_bytes();
    EXPECT_TRUE(fate_of(call));
    EXPECT_LT(unread.size(), 150u);
    EXPECT_LT(resident_bytes(), before + (std::size_t{300} << 20));
}

TEST_F(HostileServer, ThatLiesAboutCreditIsLeft) {
    std::atomic<std::int64_t> lie = 0;
    serve([&](foreign_end& with) {
        while (const auto asked = with.next_request()) {
            if (asked->method != "sum") continue;
            const auto lent = wire::read_special(asked->body);
            with.send(notification("signet.more", lent.number, lie.load()));
        }
    });
    for (const std::int64_t told : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 62}) {
        lie = told;
        client there = connect();
        stream_writer<int> items;
        const auto sum = there.async_call("sum", items);
        EXPECT_EQ(fate_of([&] { there.call_for(10s, "add"); }), errc::peer_misbehaved) << told;
    }
}

TEST_F(HostileServer, ThatAnnouncesMoreThanThereMayBeIsLeft) {
    serve([](foreign_end& with) {
        with.next();
        with.send({std::byte{0x94}, std::byte{1}, std::byte{1}, std::byte{0xc0}, std::byte{0xdb},
                   std::byte{0x40}, std::byte{0}, std::byte{0}, std::byte{0}});
        with.is_ended();
    });
    EXPECT_EQ(fate_of_call(), errc::too_large);
}

TEST_F(HostileServer, ThatSendsDepthWithoutEndIsLeft) {
    serve([](foreign_end& with) { flood(with, frame_text(1000, std::byte{0x91})); });
    EXPECT_EQ(fate_of_call(), errc::too_large);
}

TEST_F(HostileServer, MaySayWhatHasNoMeaning) {
    serve([](foreign_end& with) {
        while (const auto asked = with.next_request()) {
            with.send(response(4711, 0));
            with.send(notification("signet.item", 4711, 1));
            with.send(notification("signet.end", 4711));
            with.send(notification("signet.more", 4711, -1));
            with.send(notification("signet.drop", 4711));
            with.send(notification("signet.cancel", 4711));
            with.send(notification("signet.pulse"));
            with.send(notification("no such method", 4711));
            with.send(response(asked->id, 5));
        }
    });
    client there = connect();
    for (int i = 0; i < 10; ++i) EXPECT_EQ((there.call_for<int>(10s, "add", 2, 3)), 5);
}

TEST_F(HostileServer, ThatNeverEndsItsGreetingIsLeft) {
    door_.emplace("unix://" + place_.path() + "/service",
                  channel_options{.frames = framing::bytes});
    serving_ = std::jthread{[this](const std::stop_token& stop) {
        while (auto line = door_->accept(stop)) {
            foreign_end with{std::move(*line)};
            flood(with, notification("good morning"));
        }
    }};
    const auto connects = [&] { client{door_->address(), {.handshake_limit = 50ms}}; };
    EXPECT_EQ(fate_of(connects), std::errc::timed_out);
}

/// An answer with a stream, its items, and its end.
std::vector<frame_text> valid_conversation() {
    return {response(1, special_value{special::stream, 7}), notification("signet.item", 7, 1),
            notification("signet.item", 7, 2), request(3, "name", {.nanoseconds_left = 1}),
            notification("signet.end", 7)};
}

frame_text in_a_row(const std::vector<frame_text>& frames) {
    frame_text all;
    for (const auto& one : frames) all.insert(all.end(), one.begin(), one.end());
    return all;
}

/// Says what `next` gives, to one client after the other; each comes to an end of some kind.
template <class Next>
void answer_each(std::size_t count, const std::string& address, Next next) {
    for (std::size_t i = 0; i < count; ++i) {
        raw_listener door{address, {.frames = framing::bytes}};
        std::jthread serving{[&, text = next(i)] {
            foreign_end with{std::move(*door.accept())};
            with.next();
            with.send(response(0, 1));
            with.send(text);
            with.next();
        }};
        try {
            client there{address};
            auto items = there.call_for<stream<int>>(10s, "count", 5);
            while (items.next_for(10s)) {
            }
        } catch (const error&) {
            // one of the clear ones
        }
    }
}

TEST_F(HostileServer, MayFlipEachBitOfAConversation) {
    const frame_text good = in_a_row(valid_conversation());
    answer_each(8 * good.size(), "unix://" + place_.path() + "/flips", [&](std::size_t i) {
        frame_text text = good;
        text[i / 8] ^= std::byte{1} << (i % 8);
        return text;
    });
}

TEST_F(HostileServer, MaySayAnything) {
    const int rounds = rounds_wanted(500);
    wire::mutator change{static_cast<unsigned>(seed_wanted(rounds))};
    const frame_text good = in_a_row(valid_conversation());
    answer_each(static_cast<std::size_t>(rounds), "unix://" + place_.path() + "/lies",
                [&](std::size_t) { return change.mutate(good); });
}

}  // namespace
}  // namespace signet::tests
