// SPDX-License-Identifier: Apache-2.0
// What a subscriber in another process holds, at its cursor and beyond the next receive, when its
// publisher gives it up: for its stall_budget, or because its link is lost while it lives on. Each
// other process is a fork of this one from before it had a thread.
#include "../actors/self_checking.hpp"
#include "../crash/survivors.hpp"

#include <signet/error.hpp>
#include <signet/observe/survey.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <memory>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

constexpr const char* topic_name = "held";

/// A word to another process, which waits for it.
class signal_line {
public:
    signal_line() { EXPECT_EQ(pipe(ends_.data()), 0); }
    ~signal_line() {
        close(ends_[0]);
        close(ends_[1]);
    }
    signal_line(const signal_line&) = delete;
    signal_line& operator=(const signal_line&) = delete;

    void tell() const { EXPECT_EQ(write(ends_[1], "!", 1), 1); }
    void await() const {
        char word{};
        while (read(ends_[0], &word, 1) < 0) {
        }
    }

private:
    std::array<int, 2> ends_{};
};

/// Where the other process and this one meet, in turn.
struct meeting {
    signal_line there;  ///< the other one has come to its next point
    signal_line here;   ///< it may go on
    void stop() const {
        there.tell();
        here.await();
    }
    void go_on() const { here.tell(); }
};

/// Runs `body` in another process, which ends with it.
class other_process {
public:
    explicit other_process(const std::function<void(const meeting&)>& body) : pid_{fork()} {
        if (pid_ != 0) return;
        try {
            body(meet_);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "other process: %s\n", e.what());
            _exit(2);
        }
        _exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    ~other_process() {
        if (pid_ == 0) return;
        kill();
    }
    other_process(const other_process&) = delete;
    other_process& operator=(const other_process&) = delete;

    void await() const { meet_.there.await(); }
    void go_on() const { meet_.go_on(); }

    void kill() {
        ::kill(pid_, SIGKILL);
        status();
    }

    /// 0: all it expected came true.
    int status() {
        int status = 0;
        if (pid_ != 0) waitpid(pid_, &status, 0);
        pid_ = 0;
        return status;
    }

private:
    meeting meet_;
    pid_t pid_;
};

/// Ends all links of this process, which goes on.
void lose_links() {
    for (int fd = 3; fd < 256; ++fd) {
        int type = 0;
        socklen_t bytes = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0) continue;
        if (type == SOCK_SEQPACKET) shutdown(fd, SHUT_RDWR);
    }
}

/// Bits that must not change.
class likeness {
public:
    explicit likeness(const sample<large_message>& of) : of_{&of}, bits_{*of} {}
    bool still() const {
        return std::memcmp(&**of_, &bits_, sizeof bits_) == 0 && whole(bits_) &&
               bits_.number == of_->number();
    }

private:
    const sample<large_message>* of_;
    large_message bits_;
};

void expect_the_gap(subscriber<large_message>& in) {
    EXPECT_THROW(while (in.receive_for(watchdog)){}, error);
}

/// In the other process: holds message 0 beyond the receive of message 1, and that at its cursor.
void hold_two(const meeting& meet, const std::function<void()>& then) {
    subscriber<large_message> in{context{}, topic_name, blocking};
    const auto kept = in.receive_for(watchdog);
    const auto last = in.receive_for(watchdog);
    const likeness of_kept{kept};
    const likeness of_last{last};
    then();
    for (int i = 0; i < 2; ++i) {
        meet.stop();
        EXPECT_TRUE(of_kept.still() && of_last.still());
    }
    expect_the_gap(in);
    EXPECT_TRUE(of_kept.still() && of_last.still());
    meet.stop();
    EXPECT_TRUE(of_kept.still() && of_last.still());
}

/// Likewise one message, at the cursor.
void hold_one(const meeting& meet, const std::function<void()>& then) {
    subscriber<large_message> in{context{}, topic_name, blocking};
    const auto last = in.receive_for(watchdog);
    const likeness of_last{last};
    then();
    meet.stop();
    EXPECT_TRUE(of_last.still());
    meet.stop();
    EXPECT_TRUE(of_last.still());
}

class Holding : public ::testing::Test {
protected:
    using publisher_of_large = publisher<large_message>;

    void start(std::chrono::nanoseconds budget = std::chrono::nanoseconds::max()) {
        out_.emplace(context{}, topic_name, publisher_options{.depth = 4, .stall_budget = budget});
    }
    void expect_joined(std::size_t count) {
        ASSERT_TRUE(out_->wait_for_subscribers_for(count, watchdog));
    }
    void publish(int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(out_->publish_for(numbered<large_message>(next_), watchdog));
            ++next_;
        }
    }
    bool told(topic_event::kind what) {
        return eventually([&] {
            const auto event = out_->try_event();
            return event && event->what == what;
        });
    }

    /// A page as an onlooker sees it: the publisher's, or that of a subscriber which is not
    /// `other`.
    observe::counted_page page(bool of_publisher, std::uint64_t other = 0) const {
        observe::counted_page found;
        EXPECT_TRUE(eventually([&] {
            for (const auto& [context, pages] :
                 observe::inspect_closely(place_.path(), watchdog).second) {
                for (const auto& one : pages) {
                    if (one.publisher.has_value() == of_publisher) continue;
                    if (one.endpoint != other) found = one;
                }
            }
            return found.bytes != nullptr;
        }));
        return found;
    }
    static bool passing(const observe::counted_page& page) {
        return page.of_publisher().passing.load(std::memory_order_relaxed) != 0;
    }
    /// Whether the one message a subscriber holds lies at its cursor, without a hazard.
    static bool at_cursor(const observe::counted_page& page) {
        const memory::subscriber_page& words = page.of_subscriber();
        std::uint64_t hazards = 0;
        for (const auto& hazard : words.hazard) hazards += hazard.load(std::memory_order_relaxed);
        return hazards == 0 && words.opened.load(std::memory_order_relaxed) >
                                   words.cursor.load(std::memory_order_relaxed);
    }

    own_rendezvous place_;
    std::optional<publisher_of_large> out_;
    std::uint64_t next_ = 0;
};

TEST_F(Holding, WhatIsHeldOutlivesAnEvictionByTheStallBudget) {
    other_process holder{[](const meeting& meet) { hold_two(meet, [] {}); }};
    start(1ms);
    expect_joined(1);
    publish(2);
    holder.await();
    publish(200);
    EXPECT_TRUE(told(topic_event::kind::evicted));
    for (int i = 0; i < 2; ++i) {
        holder.go_on();
        holder.await();
        publish(200);
    }
    holder.go_on();
    EXPECT_EQ(holder.status(), 0);
}

TEST_F(Holding, WhatIsHeldOutlivesTheLossOfTheLink) {
    other_process holder{[](const meeting& meet) { hold_two(meet, lose_links); }};
    start();
    expect_joined(1);
    publish(2);
    holder.await();
    for (int i = 0; i < 3; ++i) {
        publish(200);
        holder.go_on();
        if (i != 2) holder.await();
    }
    EXPECT_EQ(holder.status(), 0);
    EXPECT_TRUE(told(topic_event::kind::died));
}

TEST_F(Holding, OneMessageAtTheCursorOutlivesTheLossOfTheLink) {
    other_process holder{[](const meeting& meet) { hold_one(meet, lose_links); }};
    start();
    expect_joined(1);
    publish(1);
    holder.await();
    for (int i = 0; i < 2; ++i) {
        publish(200);
        holder.go_on();
        if (i == 0) holder.await();
    }
    EXPECT_EQ(holder.status(), 0);
}

TEST_F(Holding, OneMessageAtTheCursorOutlivesAnEviction) {
    other_process holder{[](const meeting& meet) { hold_one(meet, [] {}); }};
    start(1ms);
    expect_joined(1);
    publish(1);
    holder.await();
    for (int i = 0; i < 2; ++i) {
        publish(200);
        holder.go_on();
        if (i == 0) holder.await();
    }
    EXPECT_EQ(holder.status(), 0);
}

TEST_F(Holding, OthersReadAtTheirCursorsAgainWhenTheEvictedOneIsDead) {
    other_process holder{[](const meeting& meet) { hold_one(meet, [] {}); }};
    start(1ms);
    expect_joined(1);
    const auto header = page(true);
    publish(1);
    holder.await();
    EXPECT_FALSE(passing(header));
    const auto theirs = page(false);
    EXPECT_TRUE(at_cursor(theirs));
    publish(100);
    EXPECT_TRUE(passing(header));
    subscriber<large_message> in{context{}, topic_name, blocking};
    expect_joined(1);
    ASSERT_TRUE(eventually([&] { return in.publishers() == 1 || in.try_receive(); }));
    const auto ours = page(false, theirs.endpoint);
    publish(1);
    EXPECT_TRUE(in.receive_for(watchdog) && !at_cursor(ours)) << "somebody is passed";
    holder.kill();
    EXPECT_TRUE(eventually([&] { return !passing(header); }));
    publish(1);
    const auto got = in.receive_for(watchdog);
    EXPECT_TRUE(got && at_cursor(ours));
}

TEST_F(Holding, WhoSleepsForRoomIsWokenByTheReleaseOfTheMessageAtTheCursor) {
    other_process holder{[](const meeting& meet) {
        subscriber<large_message> in{context{}, topic_name, blocking};
        auto last = in.receive_for(watchdog);
        meet.stop();
        last = {};
        meet.stop();
    }};
    start();
    expect_joined(1);
    publish(1);
    holder.await();
    publish(3);
    EXPECT_FALSE(out_->try_publish(numbered<large_message>(next_)));
    sleepy_thread waiting{[&](const std::stop_token&) { publish(1); }};
    ASSERT_TRUE(eventually([&] { return waiting.asleep(); }));
    holder.go_on();
    EXPECT_TRUE(eventually([&] { return waiting.done(); }));
    holder.go_on();
}

}  // namespace
}  // namespace signet::tests
