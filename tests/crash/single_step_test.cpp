// SPDX-License-Identifier: Apache-2.0
// The product's own code, without any hook, is killed after its n-th instruction: for every n in
// the whole form (SIGNET_STRIDE=1), for every 17th otherwise.
#include "single_step.hpp"
#include "victims.hpp"

#include <functional>
#include <iostream>

namespace signet::tests {
namespace {

using chunked_message = self_checking<40>;  // little to fill in, but it does not fit a slot

long stride_wanted() {
    const char* const wanted = std::getenv("SIGNET_STRIDE");
    return wanted != nullptr ? std::atol(wanted) : 17;
}

template <class Message>
class stepped {
public:
    using operation = std::function<void()>;

    /// `victim` prepares itself, calls await_go(), and stops itself before and after what is
    /// stepped through. `when_stopped` is done here before the first step.
    void run(const operation& victim, const operation& when_stopped = {}) {
        long n = 0;
        int kills = 0;
        while (!::testing::Test::HasFailure() && killed(n, victim, when_stopped)) {
            n += stride_wanted();
            ++kills;
        }
        EXPECT_GT(n, 20);
        std::cout << kills << " kills in " << n << " instructions\n";
    }

    survivors<Message>& rest() noexcept { return rest_; }

private:
    bool killed(long n, const operation& victim, const operation& when_stopped) {
        words_.clear();
        const pid_t pid = fork_victim(victim);
        tracer traced{pid};
        accompany(pid, traced);
        if (when_stopped) when_stopped();
        const bool within = traced.step(n);
        traced.kill_it();
        rest_.settle(pid, words_.ready);
        EXPECT_FALSE(words_.faulty);
        EXPECT_GE(rest_.received_from(pid), words_.published) << "a published message is missing";
        EXPECT_LE(rest_.received_from(pid), words_.published + 1) << "a message too many";
        EXPECT_FALSE(::testing::Test::HasFailure()) << "killed after instruction " << n;
        return within;
    }

    static pid_t fork_victim(const operation& victim) {
        const pid_t pid = fork_mortal();
        if (pid != 0) return pid;
        try {
            victim();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "victim: %s\n", e.what());
        }
        _exit(1);
    }

    /// Until it has stopped itself and everything is read.
    void accompany(pid_t pid, tracer& traced) {
        EXPECT_TRUE(eventually([&] { return rest_.pump(), words_.ready || state_of(pid) == 'Z'; }));
        rest_.pump();
        words_.go = true;
        EXPECT_TRUE(traced.await_stop()) << "it ended by itself";
    }

    survivors<Message> rest_;
    last_words& words_ = shared_last_words();
};

/// Publishes by `way` until all that is bound or made once is.
template <class Message, class Way>
void publish_stepped(Way way) {
    publishing_victim<Message> victim;
    victim.create();
    victim.meet();
    for (int i = 0; i < 5; ++i) way(victim);
    await_go();
    stop_to_be_stepped();
    way(victim);
    stop_to_be_stepped();
}

TEST(SingleStep, APublisherOfASmallMessage) {
    stepped<small_message>{}.run(
        [] { publish_stepped<small_message>([](auto& victim) { victim.publish(); }); });
}

TEST(SingleStep, APublisherOfALargeMessage) {
    stepped<chunked_message>{}.run(
        [] { publish_stepped<chunked_message>([](auto& victim) { victim.publish(); }); });
}

TEST(SingleStep, APublisherOfALoan) {
    stepped<chunked_message>{}.run(
        [] { publish_stepped<chunked_message>([](auto& victim) { victim.publish_loan(); }); });
}

/// Receives, and where it can hold, releases, until all that is bound or made once is; then one
/// message more.
template <class Message>
void receive_stepped() {
    subscribing_victim<Message> victim;
    victim.create();
    for (int i = 0; i < 5; ++i) victim.receive();
    await_go();
    while (victim.try_keep()) victim.release();
    stop_to_be_stepped();
    victim.try_keep();
    stop_to_be_stepped();
}

TEST(SingleStep, ASubscriberOfASmallMessage) {
    stepped<small_message> here;
    here.run(receive_stepped<small_message>, [&] { here.rest().publish_one(); });
}

TEST(SingleStep, ASubscriberOfALargeMessage) {
    stepped<chunked_message> here;
    here.run(receive_stepped<chunked_message>, [&] { here.rest().publish_one(); });
}

void release_stepped() {
    subscribing_victim<chunked_message> victim;
    victim.create();
    for (int i = 0; i < 5; ++i) victim.receive();
    victim.receive_and_keep();
    await_go();
    stop_to_be_stepped();
    victim.release();
    stop_to_be_stepped();
}

TEST(SingleStep, ASubscriberThatReleases) {
    stepped<chunked_message>{}.run(release_stepped);
}

}  // namespace
}  // namespace signet::tests
