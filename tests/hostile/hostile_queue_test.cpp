// SPDX-License-Identifier: Apache-2.0
// A process of the same user that writes what it likes into the queues of a conversation, knocks
// with garbage, or answers with it: the ends say so by an error, or go on; none crashes, hangs, or
// takes more than it agreed to.
#include "options.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/file.hpp>
#include <signet/os/process.hpp>
#include <signet/os/sysv_queue.hpp>
#include <signet/os/unix_stream.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/message_medium.hpp>
#include <signet/transport/mq/mq_carrier.hpp>
#include <signet/transport/mq/mq_name.hpp>
#include <signet/transport/sysv/sysv_carrier.hpp>
#include <signet/wire/mutator_test.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using bytes = std::vector<std::byte>;
using testing::bytes_of;
using transport::letter_kind;

constexpr std::size_t most = 100;
const channel_options small{.message_bytes_max = most, .handshake_limit = 60s, .linger = 1us};

unsigned own_seed() {
    return static_cast<unsigned>(seed_wanted(rounds_wanted() / 1000));
}

/// What a correct client says first, of this process.
bytes honest_hello() {
    const std::array<std::uint64_t, 2> who{static_cast<std::uint64_t>(os::current_pid()),
                                           os::current_pid_namespace()};
    const auto speaker = std::as_bytes(std::span{who});
    const auto greeting = transport::written_greeting({}, small);
    bytes all(speaker.begin(), speaker.end());
    all.insert(all.end(), greeting.begin(), greeting.end());
    return all;
}

/// Letters that are nearly right, or not at all.
class forger {
public:
    explicit forger(unsigned seed) : random_{seed} {}

    struct forged {
        unsigned kind;
        bytes body;
    };
    forged letter() {
        if (!sent_.empty() && random_.below(4) == 0) return sent_[random_.below(sent_.size())];
        const unsigned any = static_cast<unsigned>(random_.below(24));
        const unsigned known = static_cast<unsigned>(random_.below(transport::letter_kinds));
        sent_.push_back({random_.below(4) == 0 ? any : known, body()});
        return sent_.back();
    }
    wire::mutator& random() { return random_; }

private:
    bytes body() {
        switch (random_.below(4)) {
            case 0: return {};
            case 1: return random_.bytes(random_.below(2 * most));
            case 2: return random_.bytes(1000);
            default: return random_.mutate(honest_hello());
        }
    }

    wire::mutator random_;
    std::vector<forged> sent_;
};

/// Where an intruder may put letters: all queues of one carrier that this process uses.
using slot = std::function<void(const forger::forged&)>;

std::vector<slot> mq_slots() {
    std::vector<slot> all;
    for (int fd = 0; fd < 64; ++fd) {
        struct stat state{};
        if (fstat(fd, &state) != 0) continue;
        auto found = os::posix_queue::open_at({getpid(), fd, state.st_ino});
        if (!found || found->geometry() == transport::mq::door_geometry) continue;
        auto queue = std::make_shared<os::posix_queue>(std::move(*found));
        all.emplace_back([queue](const forger::forged& one) {
            const std::size_t room = queue->geometry().message_bytes_max;
            queue->try_send(std::span{one.body}.first(std::min(one.body.size(), room)), one.kind);
        });
    }
    return all;
}

std::vector<slot> sysv_slots(const std::string& path) {
    const os::file list = os::file::open(path + ".queues");
    std::vector<std::int32_t> words(list.size() / 4);
    list.read_at(0, std::as_writable_bytes(std::span{words}));
    std::vector<slot> all;
    for (std::size_t i = 0; i + 4 <= words.size(); i += 4) {
        for (const std::int32_t key : {words[i + 1], words[i + 2]}) {
            if (key == 0) continue;
            all.emplace_back([queue = std::make_shared<os::sysv_queue>(os::sysv_queue::open(key))](
                                 const forger::forged& one) {
                queue->try_send(static_cast<long>(one.kind) + 1, one.body);
            });
        }
    }
    return all;
}

std::string name_in(const testing::temporary_directory& place) {
    return place.path().substr(place.path().rfind('/'));
}

/// What became of an end under attack.
struct outcome {
    int messages = 0;
    std::optional<std::error_code> error{};
};

outcome take_all(raw_channel& from) try {
    outcome seen;
    while (const auto got = from.try_receive()) {
        ++seen.messages;
        EXPECT_LE(got->bytes.size(), most);
    }
    return seen;
} catch (const error& why) {
    return {.error = why.code()};
}

bool is_clear(const std::error_code& code) {
    const std::array codes{errc::peer_misbehaved,   errc::refused,      errc::too_large,
                           errc::unsupported,       errc::peer_died,    errc::incompatible_version,
                           errc::incompatible_type, errc::limit_reached};
    return std::any_of(codes.begin(), codes.end(), [&](errc one) { return code == one; });
}

class HostileQueues : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    std::pair<raw_channel, raw_channel> meet(raw_listener& door) {
        auto client = std::async(std::launch::async, [this] { return raw_channel{where_, small}; });
        auto server = door.accept();
        return {client.get(), std::move(*server)};
    }
    std::vector<slot> slots() const { return is_mq() ? mq_slots() : sysv_slots(path_); }
    /// Counts an end that met garbage; what it says is one of few errors.
    void judge(const outcome& seen) {
        if (!seen.error) return;
        EXPECT_TRUE(is_clear(*seen.error)) << seen.error->message();
        misbehaved_ += *seen.error == errc::peer_misbehaved ? 1 : 0;
    }
    void expect_a_conversation(raw_listener& door) {
        auto [client, server] = meet(door);
        client.send(bytes_of("good"));
        EXPECT_EQ(testing::text_of(server.receive()->bytes), "good");
    }

    bool is_mq() const { return GetParam() == &transport::mq::the_carrier(); }

    testing::temporary_directory place_;
    const std::string path_ = place_.path() + "/end";
    const std::string where_ = is_mq() ? "mq://" + name_in(place_) : "sysv://" + path_;
    int misbehaved_ = 0;
};

TEST_P(HostileQueues, LettersOfAnIntruderAreErrorsOrMessages) {
    raw_listener door{where_, small};
    forger liar{own_seed()};
    expect_a_conversation(door);
    const int before = testing::open_descriptors();
    for (int round = rounds_wanted() / 1000; round >= 0; --round) {
        auto [client, server] = meet(door);
        for (const slot& put : slots()) {
            for (std::size_t i = liar.random().below(8); i != 0; --i) put(liar.letter());
        }
        judge(take_all(server));
        judge(take_all(client));
    }
    EXPECT_GT(misbehaved_, 0);
    EXPECT_EQ(testing::open_descriptors(), before);
    expect_a_conversation(door);
}

// ---- at the door --------------------------------------------------------------------------------

/// Whoever connects while somebody answers with what `answers` puts somewhere: what it is told.
std::string told_to_client(const std::string& where, const std::function<void()>& answers) {
    auto told = std::async(std::launch::async, [&] {
        return testing::complaint_of([&] { raw_channel{where, small}; });
    });
    answers();
    return told.get();
}

class HostileMqDoor : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    const std::string name_ = name_in(place_);
    const std::string where_ = "mq://" + name_;
};

TEST_F(HostileMqDoor, GarbageIsPassedOver) {
    raw_listener door{where_, small};
    auto raw = os::posix_queue::open(name_);
    wire::mutator random{own_seed()};
    for (int round = rounds_wanted() / 300; round >= 0; --round) {
        const auto mine = os::posix_queue::create_unnamed(transport::mq::passing_name(), {2, 1024});
        const auto knock = transport::mq::knock::about(mine, mine);
        bytes spoiled = random.mutate({knock.bytes().begin(), knock.bytes().end()});
        spoiled.resize(std::min(spoiled.size(), sizeof knock));
        raw.try_send(spoiled);
        auto end = door.try_accept();
        if (end) take_all(*end);
    }
    raw.drain();
    auto client = std::async(std::launch::async, [&] { return raw_channel{where_, small}; });
    EXPECT_TRUE(door.accept());
    client.get();
}

TEST_F(HostileMqDoor, GarbageInsteadOfAHelloIsAnError) {
    os::posix_queue door = transport::mq::mq_name{name_}.listen();
    forger liar{own_seed()};
    for (int round = rounds_wanted() / 3000; round >= 0; --round) {
        const std::string told = told_to_client(where_, [&] {
            std::array<std::byte, sizeof(transport::mq::knock)> buffer;
            const auto got = door.receive(buffer, never);
            const auto who = transport::mq::knock::read(std::span{buffer}.first(got->bytes));
            auto to_client = os::posix_queue::open_at(who->client_place());
            for (int i = 0; i < 3; ++i) to_client->try_send(liar.random().bytes(50), 6);
        });
        EXPECT_NE(told.find("of no kind"), std::string::npos) << told;
    }
}

TEST(HostileSysvDoor, AGarbageWelcomeIsAnError) {
    const testing::temporary_directory place;
    os::unix_stream_listener door{os::directory::open(place.path()), "end"};
    wire::mutator random{own_seed()};
    const std::array some_file{0};
    for (int round = rounds_wanted() / 3000; round >= 0; --round) {
        const std::string told = told_to_client("sysv://" + place.path() + "/end", [&] {
            auto socket = door.accept(never);
            const bytes welcome = random.bytes(1 + random.below(40));
            const bool beside = random.below(2) == 0;
            socket->send(welcome, std::span{some_file}.first(beside ? 1 : 0), never);
        });
        EXPECT_NE(told, "no error");
    }
}

std::string scheme_of(const ::testing::TestParamInfo<const transport::carrier*>& one) {
    return std::string{one.param->facts().scheme};
}

INSTANTIATE_TEST_SUITE_P(Over, HostileQueues,
                         ::testing::Values(&transport::mq::the_carrier(),
                                           &transport::sysv::the_carrier()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
