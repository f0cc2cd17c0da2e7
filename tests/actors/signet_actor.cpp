// SPDX-License-Identifier: Apache-2.0
// A process that plays one role in a test until it is killed, or has done what it was asked for.
// Says what went wrong on standard error, and by its exit status. Uses SIGNET_DIR.
//
//     signet_actor publish NAME          self-checking messages on NAME/small and NAME/large
//     signet_actor check NAME            receives and checks both, under delivery::block
//     signet_actor follow NAME           the same under delivery::drop_oldest
//     signet_actor pass NAME COUNT       publishes COUNT small messages and leaves
//     signet_actor say NAME COUNT        the same, and stays until nobody listens
//     signet_actor hear NAME COUNT       receives COUNT small messages and leaves
//     signet_actor meet NAME p|s COUNT   meets COUNT others, exchanges a message with each
//     signet_actor weigh NAME COUNT      receives COUNT messages of any size, and checks them
//     signet_actor attend NAME COUNT     COUNT subscribers, each hears one message
//     signet_actor topics COUNT          COUNT topics, one message through each
//     signet_actor idle COUNT            COUNT idle endpoints, then a line on standard output
#include "self_checking.hpp"

#include <signet/error.hpp>
#include <signet/os/limits.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using testing::watchdog;

constexpr int unexpected = 3;
constexpr publisher_options short_ring{.depth = 8};
constexpr subscriber_options blocking{.policy = delivery::block};

int publish(const std::string& name) {
    publisher<small_message> small{name + "/small", short_ring};
    publisher<large_message> large{name + "/large", short_ring};
    const auto author = static_cast<std::uint64_t>(getpid());
    small_message message;
    for (std::uint64_t i = 0;; ++i) {
        fill(message, author, i);
        small.publish(message);
        auto loan = large.loan();
        fill(*loan, author, i);
        large.publish(std::move(loan));
    }
}

template <class Message>
void check_topic(const std::string& name, const subscriber_options& options) {
    subscriber<Message> in{name, options};
    sequence_check sequence;
    for (;;) {
        const auto got = in.receive();
        if (const auto fault = sequence.fault_of(got)) {
            std::fprintf(stderr, "actor %d: %s\n", getpid(), fault->c_str());
            std::_Exit(unexpected);
        }
    }
}

int check(const std::string& name, const subscriber_options& options) {
    const std::jthread other{check_topic<large_message>, name + "/large", options};
    check_topic<small_message>(name + "/small", options);
    return 0;
}

int pass(const std::string& name, int count) {
    publisher<small_message> out{name, short_ring};
    out.wait_for_subscribers(1);  // whoever started this has a watchdog
    small_message message;
    for (int i = 0; i < count; ++i) {
        fill(message, static_cast<std::uint64_t>(getpid()), static_cast<std::uint64_t>(i));
        out.publish(message);
    }
    return 0;
}

/// Receives COUNT messages of any size, with what was published before, and checks each byte.
int weigh(const std::string& name, int count) {
    const context own;
    transport::shm::topic_subscriber in{
        own.plane(), name, nullptr, {.policy = delivery::block, .history = 8}};
    std::array<std::byte, transport::shm::topic_subscriber::inline_bytes_limit> small;
    for (int i = 0; i < count; ++i) {
        transport::shm::received_message message;
        const auto look = [&] { return in.try_open(message, small.data()); };
        if (!in.wait_for({after(watchdog), {}}, look)) return unexpected;
        const std::byte* const data = message.view.in_place;
        if (!bytes_whole(data != nullptr ? data : small.data(), message.view.bytes)) {
            return unexpected;
        }
        if (data != nullptr) in.release(message);
    }
    return 0;
}

int say(const std::string& name, int count) {
    publisher<small_message> out{name, short_ring};
    if (!out.wait_for_subscribers_for(1, watchdog)) return unexpected;
    small_message message;
    for (int i = 0; i < count; ++i) {
        fill(message, 1, static_cast<std::uint64_t>(i));
        out.publish(message);
    }
    return testing::eventually([&] { return out.subscribers() == 0; }) ? 0 : unexpected;
}

int hear(const std::string& name, int count) {
    subscriber<small_message> in{name, blocking};
    sequence_check sequence;
    for (int i = 0; i < count; ++i) {
        if (sequence.fault_of(in.receive())) return unexpected;  // as in pass()
    }
    return 0;
}

int meet_subscribers(const std::string& name, std::size_t count) {
    publisher<small_message> out{name, {.depth = 2}};
    if (!out.wait_for_subscribers_for(count, watchdog)) return unexpected;
    small_message message;
    fill(message, static_cast<std::uint64_t>(getpid()), 0);
    out.publish(message);
    return testing::eventually([&] { return out.subscribers() == 0; }) ? 0 : unexpected;
}

int meet_publishers(const std::string& name, std::size_t count) {
    subscriber<small_message> in{name, blocking};
    std::set<std::uint64_t> authors;
    while (authors.size() < count) {
        const auto got = in.receive_for(watchdog);
        if (!got || !whole(*got)) {
            std::fprintf(stderr, "actor %d: met %zu of %zu\n", getpid(), authors.size(), count);
            return unexpected;
        }
        authors.insert(got->author);
    }
    return 0;
}

int attend(const std::string& name, std::size_t count) {
    std::vector<std::unique_ptr<subscriber<small_message>>> in;
    for (std::size_t i = 0; i < count; ++i)
        in.push_back(std::make_unique<subscriber<small_message>>(name, blocking));
    for (auto& one : in) {
        const auto got = one->receive_for(watchdog);
        if (!got || !whole(*got)) return unexpected;
    }
    return 0;
}

int topics(std::uint64_t count) {
    std::vector<std::unique_ptr<publisher<small_message>>> out;
    std::vector<std::unique_ptr<subscriber<small_message>>> in;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string name = "many/" + std::to_string(i);
        out.push_back(std::make_unique<publisher<small_message>>(name, short_ring));
        in.push_back(std::make_unique<subscriber<small_message>>(name));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        if (!out[i]->wait_for_subscribers_for(1, watchdog)) return unexpected;
        small_message message;
        fill(message, i, i);
        out[i]->publish(message);
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto got = in[i]->receive_for(watchdog);
        if (!got || got->author != i || !whole(*got) || out[i]->subscribers() != 1)
            return unexpected;
    }
    return 0;
}

int idle(int count) {
    std::vector<std::unique_ptr<publisher<small_message>>> out;
    std::vector<std::jthread> waiting;
    std::vector<std::unique_ptr<subscriber<small_message>>> in;
    for (int i = 0; i < count / 2; ++i) {
        const std::string name = "idle/" + std::to_string(i % 10);
        out.push_back(std::make_unique<publisher<small_message>>(name, short_ring));
        in.push_back(std::make_unique<subscriber<small_message>>(name));
    }
    for (auto& one : out) one->wait_for_subscribers(static_cast<std::size_t>(count) / 20);
    for (auto& one : in) waiting.emplace_back([&one](std::stop_token stop) { one->receive(stop); });
    std::puts("idle");
    std::fflush(stdout);
    pause();
    return 0;
}

int play(const std::vector<std::string>& words) {
    const std::string& role = words.at(0);
    if (role == "publish") return publish(words.at(1));
    if (role == "check") return check(words.at(1), blocking);
    if (role == "follow") return check(words.at(1), {});
    if (role == "pass") return pass(words.at(1), std::stoi(words.at(2)));
    if (role == "say") return say(words.at(1), std::stoi(words.at(2)));
    if (role == "hear") return hear(words.at(1), std::stoi(words.at(2)));
    if (role == "attend") return attend(words.at(1), std::stoul(words.at(2)));
    if (role == "topics") return topics(std::stoul(words.at(1)));
    if (role == "weigh") return weigh(words.at(1), std::stoi(words.at(2)));
    if (role == "idle") return idle(std::stoi(words.at(1)));
    if (role != "meet") return unexpected;
    const auto count = static_cast<std::size_t>(std::stoi(words.at(3)));
    return words.at(2) == "p" ? meet_subscribers(words.at(1), count)
                              : meet_publishers(words.at(1), count);
}

}  // namespace
}  // namespace signet::tests

int main(int count, char** words) try {
    signet::os::raise_descriptor_limit();
    return signet::tests::play({words + 1, words + count});
} catch (const std::exception& e) {
    std::fprintf(stderr, "actor %d: %s\n", getpid(), e.what());
    return 4;
}
