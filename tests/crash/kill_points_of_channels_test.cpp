// SPDX-License-Identifier: Apache-2.0
// One end of a channel is killed before each step, an access to shared memory or a system call, of
// what it does; over every carrier. The other end gets every message that was complete, whole and
// in order, then is told, and nobody waits for ever. Each process is a fork of a test that has no
// threads; SIGALRM ends one that hangs.
#include "../conformance/channel_carriers.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"
#include "state_names.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <iostream>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::text_of;
using transport::carrier;

constexpr unsigned hang_seconds = 60;
constexpr int steps_max = 2000;
constexpr std::uint64_t messages = 4;

/// In memory that all processes of a test share.
struct shared_address {
    std::array<char, 512> text{};
    std::atomic<bool> known{false};

    void tell(const std::string& address) {
        text.fill('\0');
        address.copy(text.data(), text.size() - 1);
        known = true;
    }
    std::string await() const {
        while (!known) std::this_thread::yield();
        return text.data();
    }
};

/// A message of some length that shows where it was torn; the second is written in pieces.
std::string message(const transport::carrier_facts& facts, std::uint64_t number) {
    const std::size_t bytes = number == 1 ? 150'000 : 40;
    std::string text(std::min<std::size_t>(bytes, facts.message_bytes_max), '\0');
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = static_cast<char>(number * 31 + i * 7 + i / 256);
    }
    return text;
}

/// Whether that message has an open file beside it.
bool is_accompanied(const transport::carrier_facts& facts, std::uint64_t number) {
    return number == 2 && facts.passes_descriptors;
}

bool send_next(raw_channel& to, const transport::carrier_facts& facts, std::uint64_t number) {
    const std::string text = message(facts, number);
    if (!is_accompanied(facts, number)) return to.send(bytes_of(text));
    return to.send_with(bytes_of(text), std::array{STDIN_FILENO});
}

/// How a conversation ended for who survived.
enum class ending { in_order, told_of_death };

/// The next message; none: the other end has ended. An unreliable carrier learns of a death at the
/// earliest by sending: what is sent here nobody reads, and all that was sent before is there.
std::optional<raw_message> next_of(raw_channel& from, const transport::carrier_facts& facts) {
    if (facts.reliable) return from.receive();
    while (!from.ended()) {
        if (auto got = from.receive_for(5ms)) return got;
        if (shared_last_words().go && !from.ended()) from.send(bytes_of("anybody there?"));
    }
    return std::nullopt;
}

/// Receives what comes, which must be the messages in order, then how it ended. Throws
/// std::runtime_error where one is wrong.
ending receive_all(raw_channel& from, const transport::carrier_facts& facts) {
    auto& words = shared_last_words();
    try {
        while (const auto got = next_of(from, facts)) {
            if (text_of(got->bytes) != message(facts, words.received)) {
                throw std::runtime_error{"a message is not the next one, or is torn"};
            }
            if (got->descriptors.size() != is_accompanied(facts, words.received)) {
                throw std::runtime_error{"a message has not the open files that it came with"};
            }
            ++words.received;
        }
    } catch (const error& told) {
        if (told.code() == errc::peer_died) return ending::told_of_death;
        throw;
    }
    return ending::in_order;
}

class KillPointsOfChannels : public ::testing::TestWithParam<const carrier*> {
protected:
    using body = std::function<void()>;

    const transport::carrier_facts& facts() const { return GetParam()->facts(); }
    channel_options options() const {
        return {.message_bytes_max = std::min<std::uint64_t>(facts().message_bytes_max, 200'000),
                .descriptors_max = 1};
    }
    raw_listener listen() {
        raw_listener door{book_.address(logs_), options()};
        where().tell(door.address());
        return door;
    }
    raw_channel connect() { return raw_channel{where().await(), options()}; }

    /// Who has a listener keeps it as long as the channel.
    struct talker {
        std::optional<raw_listener> door;
        std::optional<raw_channel> line;
    };
    talker listens() {
        talker both{listen(), {}};
        both.line = both.door->accept();
        return both;
    }
    /// With one direction only it is the listener that sends.
    talker sends() { return facts().both_ways ? talker{{}, connect()} : listens(); }
    talker hears() { return facts().both_ways ? listens() : talker{{}, connect()}; }

    static shared_address& where() {
        static void* const page = mmap(nullptr, sizeof(shared_address), PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return *static_cast<shared_address*>(page);
    }

    /// Runs it in a process of its own, which ends well or says why not.
    static pid_t start(const body& does) {
        const pid_t pid = fork_mortal();
        if (pid != 0) return pid;
        alarm(hang_seconds);
        try {
            does();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s\n", e.what());
            _exit(1);
        }
        _exit(0);
    }

    static int status_of(pid_t pid) {
        int status = 0;
        waitpid(pid, &status, 0);
        return status;
    }

    /// `victim(k)` beside `survivor`, for each k until the victim lives to its end. `after` is run
    /// when it is dead.
    void sweep(
        const std::function<void(int)>& victim, const body& survivor, const body& after = [] {}) {
        int k = 0;
        while (k < steps_max && !HasFailure() && dies(k, victim, survivor, after)) ++k;
        EXPECT_LT(k, steps_max) << "it does not complete";
        std::cout << k << " points in " << facts().scheme << '\n';
    }

    bool dies(int k, const std::function<void(int)>& victim, const body& survivor,
              const body& after) {
        shared_last_words().clear();
        where().known = false;
        if (facts().survives_both) ++logs_;  // what the last ones said is still there
        const pid_t living = start(survivor);
        const pid_t dying = start([&] { victim(k); });
        const int end = status_of(dying);
        const bool killed = WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL;
        EXPECT_TRUE(killed || end == 0) << "the victim failed with status " << end;
        shared_last_words().go = true;
        after();
        EXPECT_EQ(status_of(living), 0) << "the survivor, where the other was killed before step "
                                        << k << ", " << shared_last_words().state.data();
        if (killed) state_histogram::instance().count(shared_last_words().state.data());
        return killed;
    }

    /// As who was told what must be told.
    void expect(ending found) const {
        if (found == ending::told_of_death && !facts().tells_death) {
            throw std::runtime_error{"this carrier cannot know of a death"};
        }
    }

    static void await_death() {
        while (!shared_last_words().go) std::this_thread::yield();
    }

    /// Whether somebody listens, and lives to answer. Where a queue or a name is all there is to
    /// knock at, a death before the hello is not told: who connects gives up by itself.
    bool is_answered() {
        channel_options hasty = options();
        hasty.handshake_limit = 200ms;
        try {
            raw_channel line{where().await(), hasty};
            line.send(bytes_of("I am well"));
            const auto got = next_of(line, facts());
            return got && text_of(got->bytes) == "so am I";
        } catch (const error&) {
            return false;
        }
    }

    address_book book_{facts()};
    int logs_ = 0;
};

void arm(int k) {
    watch_steps({});
    die_before_step(k);
}

TEST_P(KillPointsOfChannels, WhileItSends) {
    const auto victim = [&](int k) {
        talker line = sends();
        arm(k);
        auto& sent = shared_last_words().published;
        while (sent < messages && send_next(*line.line, facts(), sent)) ++sent;
        _exit(0);
    };
    sweep(victim, [&] {
        talker line = hears();
        expect(receive_all(*line.line, facts()));
        const auto& words = shared_last_words();
        if (words.received < words.published) throw std::runtime_error{"what was sent is lost"};
    });
}

TEST_P(KillPointsOfChannels, WhileItCloses) {
    const auto victim = [&](int k) {
        talker line = sends();
        line.line->send(bytes_of(message(facts(), 0)));
        arm(k);
        line.line.reset();
        _exit(0);
    };
    sweep(victim, [&] {
        talker line = hears();
        expect(receive_all(*line.line, facts()));
        if (shared_last_words().received != 1) throw std::runtime_error{"what was sent is lost"};
    });
}

TEST_P(KillPointsOfChannels, WhileItReceives) {
    if (!facts().both_ways) return;
    const auto victim = [&](int k) {
        raw_channel line = connect();
        arm(k);
        for (std::uint64_t i = 0; i < messages; ++i) {
            if (text_of(line.receive()->bytes) != message(facts(), i)) _exit(1);
        }
        _exit(0);
    };
    sweep(victim, [&] {
        raw_channel line = *listen().accept();
        try {
            for (std::uint64_t i = 0; i < messages; ++i) send_next(line, facts(), i);
            if (!facts().reliable) await_death();  // it would wait for an end that is not told
        } catch (const error& told) {
            if (told.code() != errc::peer_died) throw;
        }
        expect(receive_all(line, facts()));
    });
}

/// Talks with each who connects, until one of them is well.
void serve_until_well(raw_listener& door, const transport::carrier_facts& facts) {
    for (;;) {
        auto line = door.accept();
        try {
            const auto got = next_of(*line, facts);
            if (!got || text_of(got->bytes) != "I am well") continue;
            line->send(bytes_of("so am I"));
            next_of(*line, facts);
            return;
        } catch (const error&) {
            continue;  // that one died
        }
    }
}

TEST_P(KillPointsOfChannels, WhileItConnects) {
    if (!facts().both_ways) return;
    const auto victim = [&](int k) {
        where().await();
        arm(k);
        raw_channel line = connect();
        _exit(0);
    };
    const auto is_served = [&] {
        EXPECT_EQ(status_of(start([&] {
                      raw_channel line = connect();
                      line.send(bytes_of("I am well"));
                      const auto got = line.receive();
                      if (!got || text_of(got->bytes) != "so am I") _exit(1);
                  })),
                  0);
    };
    sweep(
        victim,
        [&] {
            raw_listener door = listen();
            serve_until_well(door, facts());
        },
        is_served);
}

TEST_P(KillPointsOfChannels, WhileItListensAndAccepts) {
    if (!facts().both_ways) return;
    const auto victim = [&](int k) {
        arm(k);
        raw_listener door = listen();
        serve_until_well(door, facts());
        _exit(0);
    };
    const auto survivor = [&] {
        while (!where().known && !shared_last_words().go) std::this_thread::yield();
        while (!shared_last_words().go && !is_answered()) continue;
    };
    const auto another_listens = [&] {
        EXPECT_EQ(status_of(start([&] { raw_listener door{book_.address(), options()}; })), 0);
    };
    sweep(victim, survivor, another_listens);
}

INSTANTIATE_TEST_SUITE_P(Over, KillPointsOfChannels, ::testing::ValuesIn(carriers_with_listeners()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
