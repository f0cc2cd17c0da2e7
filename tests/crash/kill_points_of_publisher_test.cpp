// SPDX-License-Identifier: Apache-2.0
// A publisher is killed before each step of each thing it does; whoever survives gets on, with
// every message that was committed. The states that must have been met are the steps of
// docs/design/topic-ring.md (P, M) and bells.md (N, S).
#include "topic_sweep.hpp"
#include "victims.hpp"

namespace signet::tests {
namespace {

constexpr std::uint64_t several = 5;  // messages, in a ring of two

const auto nothing = [] {};

void die(int k) {
    die_before_step(k);
}

TEST(KillPointsOfPublisher, WhileItIsCreatedAndAnnounced) {
    sweep<small_message> swept;
    swept.run({[](int k) {
                  publishing_victim<small_message> victim;
                  die(k);
                  victim.create();
              }},
              {"linkat", "renameat2", "memfd_create", "seal", "fallocate", "mmap signet-topic",
               "mmap signet-bells", "connect", "sendmsg hello", "sendmsg announce"});
}

TEST(KillPointsOfPublisher, WhileItAdmitsASubscriber) {
    sweep<small_message> swept;
    swept.run({[](int k) {
                  publishing_victim<small_message> victim;
                  victim.create();
                  die(k);
                  victim.meet();
              }},
              {"recvmsg", "mmap signet-subscriber", "load published", "sendmsg welcome"});
}

TEST(KillPointsOfPublisher, WhileItPublishesSmallMessages) {
    sweep<small_message> swept;
    swept.run({[](int k) {
                  publishing_victim<small_message> victim;
                  victim.prepare();
                  die(k);
                  for (std::uint64_t i = 0; i < several; ++i) victim.publish();
              }},
              {"store slot.payload", "store slot.shape", "store slot.stamp", "store published",
               "load data.word", "load cursor", "store frontier", "fence"});
}

TEST(KillPointsOfPublisher, WhileItPublishesLargeMessages) {
    sweep<large_message> swept;
    swept.run({[](int k) {
                  publishing_victim<large_message> victim;
                  victim.prepare();
                  die(k);
                  for (std::uint64_t i = 0; i < several; ++i) victim.publish();
              }},
              {"store slot.shape", "store slot.stamp", "load cursor", "store frontier", "fence",
               "load hazard", "fallocate"});
}

TEST(KillPointsOfPublisher, WhileItPublishesLoans) {
    sweep<large_message> swept;
    swept.run({[](int k) {
                  publishing_victim<large_message> victim{drive::thread};
                  victim.prepare();
                  die(k);
                  for (std::uint64_t i = 0; i < several; ++i) victim.publish_loan();
              }},
              {"store slot.shape", "store slot.stamp", "load hazard", "fallocate"});
}

TEST(KillPointsOfPublisher, WhileItDropsALoan) {
    sweep<large_message> swept;
    swept.run({[](int k) {
                  publishing_victim<large_message> victim;
                  victim.prepare();
                  die(k);
                  {
                      const auto dropped = victim.out().loan();
                  }
                  victim.publish();
              }},
              {"fallocate", "store slot.stamp"});
}

TEST(KillPointsOfPublisher, WhileItFindsTheRingFull) {
    sweep<small_message> swept;
    swept.run({[](int k) {
                  publishing_victim<small_message> victim;
                  victim.prepare();
                  while (victim.try_publish()) {
                  }
                  die(k);
                  for (int i = 0; i < 2; ++i) victim.try_publish();
              }},
              {"load cursor"});
}

template <drive How>
void publish_into_a_full_ring(int k) {
    publishing_victim<small_message> victim{How};
    victim.prepare();
    while (victim.try_publish()) {
    }
    die(k);
    victim.publish();
}

TEST(KillPointsOfPublisher, WhileItWaitsForRoom) {
    sweep<small_message> swept;
    swept.run({.victim = publish_into_a_full_ring<drive::thread>, .when_asleep = nothing},
              {"load cursor", "load room.epoch", "exchange room.word", "fence", "futex_waitv",
               "store frontier", "store slot.stamp"});
}

TEST(KillPointsOfPublisher, WhileItWaitsForRoomAndDrivesItsContext) {
    sweep<small_message> swept;
    swept.run({.victim = publish_into_a_full_ring<drive::manual>, .when_asleep = nothing},
              {"exchange room.word", "fence", "epoll_pwait2", "store slot.stamp"});
}

TEST(KillPointsOfPublisher, WhileItEvicts) {
    constexpr publisher_options impatient{
        .depth = 2, .stall_budget = std::chrono::milliseconds{1}, .waiting = wait_mode::sleep};
    sweep<large_message> swept;
    std::optional<subscriber<large_message>> idler;
    swept.run({.victim =
                   [&](int k) {
                       publishing_victim<large_message> victim;
                       victim.prepare(impatient);
                       victim.out().wait_for_subscribers(2);
                       for (int i = 0; i < 2; ++i) victim.publish();
                       victim.await_one_that_has_read_all();  // so that it will not be charged
                       die(k);
                       victim.publish();  // waits for the other one alone
                   },
               .when_ready = [&] { idler.emplace(context{}, swept_topic, blocking); },
               .when_ended = [&] { idler.reset(); }},
              {"store passing", "membarrier", "load hazard", "sendmsg evict"});
}

TEST(KillPointsOfPublisher, WhileItWakesASleeper) {
    sweep<small_message> swept;
    const auto fall_asleep = [&] { swept.rest().await_sleeping_reader(); };
    swept.run({.victim =
                   [](int k) {
                       publishing_victim<small_message> victim;
                       victim.prepare();
                       die(k);
                       victim.publish();
                   },
               .when_ready = fall_asleep},
              {"load data.word", "exchange data.word", "exchange data.epoch", "futex_wake"});
}

constexpr publisher_options deep{.depth = 2048, .waiting = wait_mode::sleep};
constexpr int notifications_until_nearly_quiet = 1020;

TEST(KillPointsOfPublisher, WhileItsBellGoesQuiet) {
    sweep<small_message> swept{deep};
    const auto fall_asleep = [&] { swept.rest().await_sleeping_reader(); };
    swept.run({.victim =
                   [](int k) {
                       publishing_victim<small_message> victim;
                       victim.prepare(deep);
                       for (int i = 0; i < notifications_until_nearly_quiet; ++i) victim.publish();
                       die(k);
                       for (int i = 0; i < 8; ++i) victim.publish();
                   },
               .when_ready = fall_asleep},
              {"load data.word", "exchange data.word", "fence"});
}

TEST(KillPointsOfPublisher, WhileItWaitsForSubscribers) {
    sweep<small_message> swept;
    std::optional<subscriber<small_message>> newcomer;
    swept.run({.victim =
                   [](int k) {
                       publishing_victim<small_message> victim;
                       victim.prepare();
                       die(k);
                       victim.out().wait_for_subscribers(2);
                   },
               .when_asleep = [&] { newcomer.emplace(context{}, swept_topic); },
               .when_ended = [&] { newcomer.reset(); }},
              {"epoll_pwait2", "accept4", "recvmsg", "mmap signet-subscriber", "sendmsg hello",
               "sendmsg welcome"});
}

TEST(KillPointsOfPublisher, WhileItCloses) {
    sweep<large_message> swept;
    swept.run({.victim =
                   [](int k) {
                       publishing_victim<large_message> victim;
                       victim.prepare();
                       victim.publish();
                       die(k);
                       victim.close();
                   },
               .may_leave = true},
              {"sendmsg leave", "sendmsg goodbye", "unlinkat", "munmap"});
}

}  // namespace
}  // namespace signet::tests
