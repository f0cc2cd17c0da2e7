// SPDX-License-Identifier: Apache-2.0
// A process dies at the k-th shared access or system call of an operation, for every k until the
// operation completes; whoever survives gets on, with every message that was committed.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/memory/access.hpp>
#include <signet/os/kernel.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::watchdog;

thread_local int steps_left = -1;  // of this thread; negative: it is not counted
os::kernel_entry real_kernel = nullptr;

void step() {
    if (steps_left >= 0 && steps_left-- == 0) kill(getpid(), SIGKILL);
}

void at_access(memory::access_kind, const void*) {
    step();
}

long at_call(long number, const os::kernel_arguments& arguments) {
    step();
    return real_kernel(number, arguments);
}

/// From here on this thread dies before its `k`-th step.
void die_at(int k) {
    real_kernel = os::exchange_kernel_entry(&at_call);
    memory::current_access_hook = &at_access;
    steps_left = k;
}

void live_on() {
    steps_left = -1;
    memory::current_access_hook = nullptr;
}

template <class Body>
pid_t forked(Body body) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    body();
    _exit(0);
}

/// Whether the child ended by itself.
bool completed(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status);
}

constexpr int k_max = 2000;
constexpr publisher_options tight{.depth = 2, .waiting = wait_mode::sleep};
constexpr subscriber_options blocking{.policy = delivery::block, .waiting = wait_mode::sleep};

template <class Message>
Message numbered(std::uint64_t number) {
    Message message;
    fill(message, 7, number);
    return message;
}

/// Publications that have returned, as the child counts them where its parent sees it.
std::atomic<std::uint64_t>& returned() {
    static void* const page = mmap(nullptr, sizeof(std::atomic<std::uint64_t>),
                                   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *static_cast<std::atomic<std::uint64_t>*>(page);
}

constexpr std::uint64_t published_in_all = 5;

template <class Message>
void publish_copies(publisher<Message>& out) {
    while (returned() < published_in_all) {
        out.publish(numbered<Message>(returned()));
        ++returned();
    }
}

template <class Message>
void publish_loans(publisher<Message>& out) {
    while (returned() < published_in_all) {
        auto loan = out.loan();
        *loan = numbered<Message>(returned());
        out.publish(std::move(loan));
        ++returned();
    }
}

template <class Message>
class publisher_sweep {
public:
    using operation = void (*)(publisher<Message>&);

    /// The number of points at which the publisher was killed.
    int run(operation tried) {
        for (int k = 0; k < k_max; ++k) {
            returned() = 0;
            const pid_t child = forked([&] { be_publisher(k, tried); });
            const std::uint64_t got = receive_from(child);
            EXPECT_GE(got, returned()) << "a published message is missing, killed at " << k;
            EXPECT_LE(got, returned() + 1) << "a message too many, killed at " << k;
            if (completed(child)) return k;
        }
        return k_max;
    }

private:
    static void be_publisher(int k, operation tried) {
        publisher<Message> out{context{}, "points", tight};
        out.wait_for_subscribers(1);
        die_at(k);
        tried(out);
        live_on();
        _exit(0);  // without a farewell, as the killed ones
    }

    /// Receives until its death was told and its ring is read out; how many there were.
    std::uint64_t receive_from(int pid) {
        sequence_check sequence;
        std::uint64_t count = 0;
        bool died = false;
        EXPECT_TRUE(eventually([&] {
            while (const auto got = in_.try_receive()) {
                EXPECT_EQ(got->number, count++);
                EXPECT_FALSE(sequence.fault_of(got));
            }
            while (const auto event = in_.try_event()) {
                died |= event->what == topic_event::kind::died && event->pid == pid;
            }
            return died && !in_.try_receive() && in_.publishers() == 0;
        }));
        return count;
    }

    own_rendezvous place_;
    subscriber<Message> in_{context{}, "points", blocking};
};

template <class Message>
class subscriber_sweep {
public:
    int run() {
        for (int k = 0; k < k_max; ++k) {
            const pid_t child = forked([&] { be_subscriber(k); });
            EXPECT_TRUE(out_.wait_for_subscribers_for(2, watchdog));
            publish_and_receive(5);
            const bool done = completed(child);
            publish_and_receive(10);
            EXPECT_TRUE(eventually([&] { return out_.subscribers() == 1; }));
            if (done) return k;
        }
        return k_max;
    }

private:
    static void be_subscriber(int k) {
        subscriber<Message> in{context{}, "points", blocking};
        in.receive();
        die_at(k);
        for (int i = 0; i < 2; ++i) in.receive();
        live_on();
        _exit(0);
    }

    void publish_and_receive(int count) {
        for (int i = 0; i < count; ++i) {
            EXPECT_TRUE(out_.publish_for(numbered<Message>(next_), watchdog));
            const auto got = in_.receive_for(watchdog);
            ASSERT_TRUE(got);
            EXPECT_EQ(got->number, next_++);
            EXPECT_TRUE(whole(*got));
        }
    }

    own_rendezvous place_;
    publisher<Message> out_{context{}, "points", tight};
    subscriber<Message> in_{context{}, "points", blocking};
    std::uint64_t next_ = 0;
};

void expect_swept(int points) {
    std::cout << points << " points\n";
    EXPECT_GT(points, 10);
    EXPECT_LT(points, k_max);
}

TEST(KillPoints, APublisherOfSmallMessagesMayDieAnywhere) {
    expect_swept(publisher_sweep<small_message>{}.run(&publish_copies<small_message>));
}

TEST(KillPoints, APublisherOfLargeMessagesMayDieAnywhere) {
    expect_swept(publisher_sweep<large_message>{}.run(&publish_copies<large_message>));
}

TEST(KillPoints, APublisherOfLoansMayDieAnywhere) {
    expect_swept(publisher_sweep<large_message>{}.run(&publish_loans<large_message>));
}

TEST(KillPoints, ASubscriberOfSmallMessagesMayDieAnywhere) {
    expect_swept(subscriber_sweep<small_message>{}.run());
}

TEST(KillPoints, ASubscriberOfLargeMessagesMayDieAnywhere) {
    expect_swept(subscriber_sweep<large_message>{}.run());
}

}  // namespace
}  // namespace signet::tests
