// SPDX-License-Identifier: Apache-2.0
// A subscriber is killed before each step of each thing it does; the publisher it may have held
// back, and its other subscribers, get on. The states that must have been met are the steps of
// docs/design/topic-ring.md (R, F) and bells.md (S, N).
#include "topic_sweep.hpp"
#include "victims.hpp"

#include <signet/os/poll.hpp>

namespace signet::tests {
namespace {

constexpr subscriber_options dropping{.policy = delivery::drop_oldest, .waiting = wait_mode::sleep};
const auto nothing = [] {};

void die(int k) {
    die_before_step(k);
}

TEST(KillPointsOfSubscriber, WhileItIsCreatedAndAsksToJoin) {
    sweep<small_message> swept;
    swept.run({[](int k) {
                  subscribing_victim<small_message> victim;
                  die(k);
                  victim.create();
              }},
              {"linkat", "renameat2", "connect", "sendmsg hello", "memfd_create", "seal",
               "mmap signet-subscriber", "sendmsg join"});
}

TEST(KillPointsOfSubscriber, WhileItIsWelcomed) {
    sweep<small_message> swept;
    swept.run({[](int k) {
                  subscribing_victim<small_message> victim;
                  victim.create();
                  die(k);
                  victim.receive();
              }},
              {"recvmsg", "fstatfs", "mmap signet-topic", "mmap signet-bells", "store start",
               "store cursor", "load slot.stamp"});
}

TEST(KillPointsOfSubscriber, WhileItAnswersAPublisherThatCameLater) {
    sweep<small_message> swept;
    std::optional<publisher<small_message>> newcomer;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<small_message> victim;
                       victim.prepare();
                       die(k);
                       while (victim.in().publishers() < 2) victim.receive();
                   },
               .when_asleep = [&] { newcomer.emplace(context{}, swept_topic, tight); },
               .when_ended = [&] { newcomer.reset(); }},
              {"accept4", "sendmsg hello", "sendmsg join", "mmap signet-topic"});
}

template <class Message, delivery Policy = delivery::block>
void receive_some(int k) {
    subscribing_victim<Message> victim;
    victim.prepare({.policy = Policy, .waiting = wait_mode::sleep});
    die(k);
    for (int i = 0; i < 3; ++i) victim.receive();
}

TEST(KillPointsOfSubscriber, WhileItReceivesSmallMessages) {
    sweep<small_message> swept;
    swept.run({receive_some<small_message>},
              {"load slot.stamp", "load slot.shape", "load slot.payload", "fence", "load frontier",
               "store cursor", "load room.word"});
}

TEST(KillPointsOfSubscriber, WhileItReceivesLargeMessagesAtItsCursor) {
    sweep<large_message> swept;
    swept.run({receive_some<large_message>}, {"load slot.stamp", "load slot.shape", "load passing",
                                              "store opened", "store cursor"});
}

TEST(KillPointsOfSubscriber, WhileItReceivesLargeMessagesByHazards) {
    sweep<large_message> swept;
    swept.run({receive_some<large_message, delivery::drop_oldest>},
              {"load slot.stamp", "load slot.shape", "store hazard", "fence", "load frontier",
               "store cursor"});
}

TEST(KillPointsOfSubscriber, WhileItSleeps) {
    sweep<small_message> swept;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<small_message> victim{drive::thread};
                       victim.prepare();
                       die(k);
                       victim.receive();
                   },
               .when_asleep = nothing},
              {"load data.epoch", "exchange data.word", "membarrier", "fence", "load slot.stamp",
               "futex_wait"});
}

TEST(KillPointsOfSubscriber, WhileItSleepsAndDrivesItsContext) {
    sweep<small_message> swept;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<small_message> victim;
                       victim.prepare();
                       die(k);
                       victim.receive();
                   },
               .when_asleep = nothing},
              {"exchange data.word", "fence", "epoll_pwait2", "load slot.stamp"});
}

TEST(KillPointsOfSubscriber, WhileItWakesAPublisherThatWaitsForRoom) {
    sweep<small_message> swept;
    const auto fill_up = [&] { swept.rest().await_sleeping_writer(); };
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<small_message> victim;
                       victim.create();
                       victim.receive();
                       await_go();
                       die(k);
                       for (int i = 0; i < 2; ++i) victim.receive();
                   },
               .when_ready = fill_up},
              {"store cursor", "load room.word", "exchange room.epoch", "futex_wake"});
}

TEST(KillPointsOfSubscriber, WhileItHoldsAndReleases) {
    sweep<large_message> swept;
    swept.run({[](int k) {
                  subscribing_victim<large_message> victim;
                  victim.prepare();
                  die(k);
                  for (int i = 0; i < 2; ++i) victim.receive_and_keep();
                  victim.receive_and_keep();
                  for (int i = 0; i < 3; ++i) victim.release();
              }},
              {"store hazard", "load passing", "store cursor"});
}

TEST(KillPointsOfSubscriber, WhileItFindsThatItWasPassed) {
    sweep<small_message> swept;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<small_message> victim;
                       victim.create(dropping);
                       victim.receive();
                       await_go();
                       die(k);
                       for (int i = 0; i < 2; ++i) victim.receive();
                   },
               .when_ready = [&] { swept.rest().lap(); }},
              {"load slot.stamp", "load frontier", "store lost"});
}

TEST(KillPointsOfSubscriber, WhileItLooksInALoopOfItsOwn) {
    sweep<small_message> swept;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<small_message> victim{drive::thread};
                       victim.prepare();
                       die(k);
                       const int fd = victim.in().fd();
                       for (int i = 0; i < 3;) {
                           os::wait_readable(fd, after(watchdog));
                           while (victim.try_keep()) ++i;
                       }
                   },
               .when_asleep = nothing},
              {"epoll_create1", "epoll_ctl", "epoll_pwait2", "exchange data.word", "ppoll",
               "load slot.stamp"});
}

TEST(KillPointsOfSubscriber, WhileItCloses) {
    sweep<large_message> swept;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<large_message> victim;
                       victim.prepare();
                       die(k);
                       victim.close();
                   },
               .may_leave = true},
              {"sendmsg leave", "sendmsg goodbye", "unlinkat", "munmap"});
}

TEST(KillPointsOfSubscriber, WhileItClosesWithSamplesHeld) {
    sweep<large_message> swept;
    swept.run({.victim =
                   [](int k) {
                       subscribing_victim<large_message> victim;
                       victim.prepare();
                       victim.receive_and_keep();
                       die(k);
                       victim.close();
                       victim.release();
                   },
               .may_leave = true},
              {"store cursor", "store hazard", "sendmsg leave", "unlinkat"});
}

}  // namespace
}  // namespace signet::tests
