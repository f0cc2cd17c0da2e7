// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/durable_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/memory/access.hpp>
#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>
#include <signet/pattern/queue/group_commit.hpp>
#include <signet/pattern/queue/log_accord.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/recorded_disk.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/shared_page.hpp>
#include <signet/testing/sleepers.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace signet::pattern {
namespace {

using testing::bytes_of;
using testing::complaint_of;
using testing::scripted_kernel;
using testing::temporary_directory;
using testing::text_of;

constexpr std::uint64_t small_segment = 65536;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class DurableQueueTest : public ::testing::Test {
protected:
    std::string path() const { return root.path() + "/jobs"; }

    std::shared_ptr<queue_core> open(opening how = opening::open_or_create) const {
        return open_durable_queue(path(), shape, how, small_segment);
    }

    static void push(queue_core& queue, const std::string& text, const queue_terms& terms = {}) {
        ASSERT_EQ(queue.try_push(bytes_of(text), terms), push_outcome::accepted);
    }

    static std::string pop(queue_core& queue) {
        auto message = queue.try_pop();
        if (!message) return "nothing";
        std::string text = text_of(message->payload());
        queue.acknowledge(std::move(*message));
        return text;
    }

    static std::string pop_all(queue_core& queue) {
        std::string all;
        for (auto message = queue.try_pop(); message; message = queue.try_pop()) {
            all += text_of(message->payload()) + " ";
            queue.acknowledge(std::move(*message));
        }
        return all;
    }

    // As a stop of the machine that lost nothing: what the living agreed on is of another boot.
    void restart() const {
        const os::file accord = os::file::open(path() + "/" + log_accord::file_name);
        accord.write_at(offsetof(accord_head, boot), bytes_of("another boot id!"));
    }

    temporary_directory root;
    queue_shape shape{.bytes = 1 << 20, .message_bytes_max = 10000, .priorities = 3};
};

TEST_F(DurableQueueTest, WhatIsPushedIsPopped) {
    const auto queue = open();
    push(*queue, "one");
    push(*queue, "two");
    EXPECT_EQ(pop_all(*queue), "one two ");
}

TEST_F(DurableQueueTest, ItReportsItsClass) {
    EXPECT_EQ(open()->shape().least, durability::host_crash);
}

TEST_F(DurableQueueTest, WhereItsUsersHaveGoneItIsThereForTheNext) {
    push(*open(), "one");
    EXPECT_EQ(pop(*open(opening::open)), "one");
    EXPECT_EQ(pop(*open(opening::open)), "nothing");
}

TEST_F(DurableQueueTest, AfterAStopOfTheMachineWhatWasPushedIsThere) {
    push(*open(), "one");
    push(*open(), "two");
    restart();
    EXPECT_EQ(pop_all(*open(opening::open)), "one two ");
}

TEST_F(DurableQueueTest, AfterAStopOfTheMachineWhatWasDoneIsGone) {
    {
        const auto queue = open();
        push(*queue, "one");
        push(*queue, "two");
        EXPECT_EQ(pop(*queue), "one");
        push(*queue, "three");  // brings that to the disk
    }
    restart();
    EXPECT_EQ(pop_all(*open()), "two three ");
    restart();
    EXPECT_EQ(pop_all(*open()), "");
}

TEST_F(DurableQueueTest, WhatIsFinishedIsOnTheDiskWhenTheQueueIsClosed) {
    {
        const auto queue = open();
        push(*queue, "one");
        EXPECT_EQ(pop(*queue), "one");
    }
    EXPECT_EQ(verify_log(path()).live, 0U);
}

TEST_F(DurableQueueTest, AMessageThatWasHeldWhenTheMachineStoppedComesAgain) {
    {
        const auto queue = open();
        push(*queue, "one");
        auto held = queue->try_pop();
        ASSERT_TRUE(held);
        restart();
    }
    EXPECT_EQ(pop(*open()), "one");
}

TEST_F(DurableQueueTest, WhatIsSaidOfAMessageSurvivesTheMachine) {
    message_id id;
    id.bytes.fill(std::byte{7});
    push(*open(), "one",
         {.priority = 2, .expires = std::chrono::hours{1}, .id = id, .reply_to = "box"});
    restart();
    const auto queue = open();
    auto message = queue->try_pop();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->priority(), 2U);
    EXPECT_EQ(message->id(), id);
    EXPECT_EQ(message->reply_to(), "box");
    EXPECT_GT(message->expires(), clock::now());
    EXPECT_LT(message->expires(), clock::now() + std::chrono::hours{2});
    queue->acknowledge(std::move(*message));
}

TEST_F(DurableQueueTest, DeadLettersSurviveTheMachine) {
    {
        const auto queue = open();
        push(*queue, "one");
        auto message = queue->try_pop();
        ASSERT_TRUE(message);
        queue->dead_letter(std::move(*message), "no good");
    }
    restart();
    const auto queue = open();
    EXPECT_EQ(pop(*queue), "nothing");
    const auto dead = queue->peek_dead_letters(10);
    ASSERT_EQ(dead.size(), 1U);
    EXPECT_EQ(dead[0].text, "no good");
}

TEST_F(DurableQueueTest, OrderAndPrioritiesSurviveTheMachine) {
    {
        const auto queue = open();
        for (int i = 0; i < 20; ++i) {
            push(*queue, std::to_string(i), {.priority = static_cast<std::uint32_t>(1 - i % 2)});
        }
    }
    restart();
    EXPECT_EQ(pop_all(*open()), "1 3 5 7 9 11 13 15 17 19 0 2 4 6 8 10 12 14 16 18 ");
}

TEST_F(DurableQueueTest, ItIsRecoveredAsOftenAsTheMachineStops) {
    for (int i = 0; i < 10; ++i) {
        push(*open(), std::to_string(i));
        restart();
    }
    const auto queue = open();
    EXPECT_EQ(pop_all(*queue), "0 1 2 3 4 5 6 7 8 9 ");
    EXPECT_TRUE(verify_log(path()).damage.empty());
}

TEST_F(DurableQueueTest, AFailedSyncAcknowledgesNothing) {
    const auto queue = open();
    push(*queue, "one");
    {
        scripted_kernel script;
        script.fail(SYS_fdatasync, EIO);
        EXPECT_THROW(queue->try_push(bytes_of("two")), error);
    }
    EXPECT_TRUE(contains(complaint_of([&] { queue->try_push(bytes_of("three")); }),
                         "a write to its disk failed before"));
    EXPECT_EQ(pop_all(*queue), "one ");
    EXPECT_TRUE(verify_log(path()).poisoned);
}

TEST_F(DurableQueueTest, OneThatIsPoisonedIsCuredByWhoOpensItAlone) {
    {
        const auto queue = open();
        scripted_kernel script;
        script.fail(SYS_fdatasync, EIO);
        EXPECT_THROW(queue->try_push(bytes_of("one")), error);
        EXPECT_TRUE(contains(complaint_of([&] { open(); }),
                             "a write to its disk failed, and others have it open"));
    }
    const auto queue = open();
    push(*queue, "two");
    EXPECT_EQ(pop_all(*queue), "one two ");
    EXPECT_FALSE(verify_log(path()).poisoned);
}

TEST_F(DurableQueueTest, OnAFullDiskAPushIsAnErrorAndTheNextOneMaySucceed) {
    const auto queue = open();
    const std::string large(9000, 'x');
    std::string complaint;
    {
        scripted_kernel script;
        for (int i = 1; i < 100; ++i) script.fail(SYS_fallocate, ENOSPC, i);
        while (complaint.empty()) {
            const std::string said = complaint_of([&] { queue->try_push(bytes_of(large)); });
            if (said != "no error") complaint = said;
        }
    }
    EXPECT_TRUE(contains(complaint, "No space left")) << complaint;
    push(*queue, "next");
}

TEST_F(DurableQueueTest, InADirectoryThatIsOnlyToBeReadItSaysSo) {
    push(*open(), "one");
    std::filesystem::permissions(root.path(), std::filesystem::perms{0755});
    const int code = testing::exit_code_as_nobody(
        [&] { return contains(complaint_of([&] { open(); }), "Permission denied") ? 0 : 1; });
    EXPECT_EQ(code, 0);
}

TEST_F(DurableQueueTest, WhatIsThereIsNotCreatedAndWhatIsNotIsNotOpened) {
    EXPECT_THROW(open(opening::open), error);
    open(opening::create);
    EXPECT_TRUE(contains(complaint_of([&] { open(opening::create); }), "there is one already"));
}

TEST_F(DurableQueueTest, OneOfAnotherTypeIsRefused) {
    shape.type = {std::byte{1}};
    open();
    shape.type = {std::byte{2}};
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "its messages are of another type"));
}

TEST_F(DurableQueueTest, TheShapeOfItsCreatorSurvivesTheMachine) {
    open();
    restart();
    shape.priorities = 1;
    EXPECT_EQ(open()->shape().priorities, 3U);
}

TEST_F(DurableQueueTest, ALogWhoseShapeIsMissingIsKept) {
    push(*open(), "one");
    os::directory::open(path()).rename("shape", "elsewhere");
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "'shape' is missing"));
    os::directory::open(path()).rename("elsewhere", "shape");
    EXPECT_EQ(pop(*open()), "one");
}

TEST_F(DurableQueueTest, WhoDiesWhileRemovingItKeepsNobodyFromMakingItAnew) {
    push(*open(), "one");
    os::directory::open(path()).rename("shape", "removed");
    EXPECT_EQ(pop(*open()), "nothing");
    EXPECT_TRUE(remove_durable_queue(path()));
}

TEST_F(DurableQueueTest, EveryFlippedByteOfItsShapeIsAnError) {
    open();
    const std::string file = path() + "/shape";
    const std::string whole = os::read_file(file, 1000).value();
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string flipped = whole;
        flipped[i] = static_cast<char>(~flipped[i]);
        os::file::open(file).write_at(0, bytes_of(flipped));
        EXPECT_THROW(open(), error) << i;
    }
}

TEST_F(DurableQueueTest, EveryFlippedByteOfTheAccordIsRecoveredOrAnError) {
    push(*open(), "one");
    const std::string file = path() + "/" + log_accord::file_name;
    for (std::size_t i = 0; i < 0x90; ++i) {
        const os::file accord = os::file::open(file);
        std::byte byte{};
        accord.read_at(i, std::span{&byte, 1});
        byte = ~byte;
        accord.write_at(i, std::span{&byte, 1});
        std::string found;
        const std::string said = complaint_of([&] {
            const auto queue = open();
            auto message = queue->try_pop();
            ASSERT_TRUE(message) << i;
            found = text_of(message->payload());
        });
        EXPECT_TRUE(found == "one" || said != "no error") << i;
        restart();
    }
}

TEST_F(DurableQueueTest, WhereItsLogIsMissingItSaysSo) {
    push(*open(), "one");
    os::remove_file(path() + "/log.00000001");
    restart();
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "its log is missing"));
}

TEST_F(DurableQueueTest, ItIsRemovedWithAllThatItHas) {
    {
        const auto queue = open();
        EXPECT_TRUE(
            contains(complaint_of([&] { remove_durable_queue(path()); }), "others have it open"));
    }
    EXPECT_TRUE(remove_durable_queue(path()));
    EXPECT_FALSE(std::filesystem::exists(path()));
    EXPECT_FALSE(remove_durable_queue(path()));
}

TEST_F(DurableQueueTest, ThoseWhoMakeAndRemoveItAtOnceMeetAWholeOne) {
    std::vector<std::thread> users;
    for (std::uint32_t i = 0; i < 4; ++i) {
        users.emplace_back([this, i] {
            queue_shape wanted = shape;
            wanted.bytes <<= i;
            wanted.seats += i;
            for (int round = 0; round < 10; ++round) {
                const auto queue =
                    open_durable_queue(path(), wanted, opening::open_or_create, small_segment);
                push(*queue, "text");
                EXPECT_EQ(pop(*queue), "text");
                complaint_of([&] { remove_durable_queue(path()); });
            }
        });
    }
    for (std::thread& user : users) user.join();
}

TEST_F(DurableQueueTest, WhoWaitedToOpenItWhileItWasRemovedOpensTheNextOne) {
    open();
    std::optional<os::file> lock{os::file::open(path() + "/lock")};
    std::optional<os::range_lock> turn{
        os::range_lock::take(*lock, os::lock_kind::exclusive, opened_log::opening_byte)};
    std::shared_ptr<queue_core> late;
    testing::watched_thread waiting{[&] { EXPECT_NO_THROW(late = open()); }};
    ASSERT_TRUE(waiting.falls_asleep());
    std::filesystem::remove_all(path());  // as by who has the turn
    push(*open(), "in the next one");
    turn.reset();
    waiting.join();
    ASSERT_TRUE(late);
    EXPECT_TRUE(
        contains(complaint_of([&] { remove_durable_queue(path()); }), "others have it open"));
    EXPECT_EQ(pop(*late), "in the next one");
}

TEST_F(DurableQueueTest, WhoDiesWhileMakingItLeavesNoneOrAWholeOne) {
    const int died = testing::kill_before_each_call(
        [&] { open(); },
        [&] {
            queue_shape other = shape;
            other.seats = 2;
            const auto queue =
                open_durable_queue(path(), other, opening::open_or_create, small_segment);
            push(*queue, "text");
            EXPECT_EQ(pop(*queue), "text");
        });
    EXPECT_GT(died, 30);
}

TEST_F(DurableQueueTest, WhoDiesWhileRemovingItLeavesNoneOrAWholeOne) {
    const int died = testing::kill_before_each_call(
        [&] {
            open();
            remove_durable_queue(path());
        },
        [&] {
            const auto queue = open();
            push(*queue, "text");
            EXPECT_EQ(pop(*queue), "text");
        });
    EXPECT_GT(died, 60);
}

TEST_F(DurableQueueTest, WhereItsLanesAreDamagedTheyAreMadeAnewFromTheLog) {
    push(*open(), "one");
    const os::file lanes = os::file::open(path() + "/lanes");
    lanes.write_at(0, std::vector<std::byte>(lanes.size(), std::byte{0xff}));
    EXPECT_EQ(pop(*open()), "one");
}

TEST_F(DurableQueueTest, WhereItsLanesAreDamagedAndInUseItSaysSo) {
    const auto queue = open();
    push(*queue, "one");
    const os::file lanes = os::file::open(path() + "/lanes");
    lanes.write_at(0, std::vector<std::byte>(64, std::byte{0xff}));
    EXPECT_TRUE(contains(complaint_of([&] { open(); }), "others have it open"));
    EXPECT_EQ(pop(*queue), "one");
}

TEST_F(DurableQueueTest, ALogThatIsUsedForLongStaysShort) {
    const auto queue = open();
    push(*queue, "kept", {.priority = 2});
    for (int i = 0; i < 100; ++i) {
        push(*queue, std::string(5000, 'x'));
        pop(*queue);
    }
    EXPECT_LE(verify_log(path()).segments, 4U);
    restart();
    EXPECT_EQ(verify_log(path()).damage.size(), 0U);
}

TEST_F(DurableQueueTest, WhatIsPushedSurvivesAnyStopOfTheMachineAtOnce) {
    open();
    testing::recorded_disk disk{path()};
    const auto queue = open();
    push(*queue, "one");
    const temporary_directory image;
    disk.replay(image.path(), {});
    os::remove_file(image.path() + "/" + log_accord::file_name);  // of another boot
    log_report report = verify_log(image.path());
    EXPECT_EQ(report.live, 1U);
    EXPECT_TRUE(report.damage.empty());
}

TEST_F(DurableQueueTest, WhatIsFinishedMakesRoomAlthoughNobodyPushes) {
    shape.bytes = 65536;
    const auto queue = open();
    const std::string large(9000, 'x');
    while (queue->try_push(bytes_of(large)) == push_outcome::accepted) {
    }
    pop_all(*queue);
    const sync::patience patience{after(testing::watchdog)};
    while (queue->try_push(bytes_of(large)) == push_outcome::full) {
        ASSERT_EQ(queue->wait_for_room(large.size(), {}, patience), wait_outcome::woken);
    }
}

TEST_F(DurableQueueTest, WhatIsPurgedMakesRoomAndIsGoneFromTheDisk) {
    shape.bytes = 65536;
    {
        const auto queue = open();
        const std::string large(9000, 'x');
        while (queue->try_push(bytes_of(large)) == push_outcome::accepted) {
        }
        EXPECT_GT(queue->purge(), 0U);
        EXPECT_TRUE(testing::eventually(
            [&] { return queue->try_push(bytes_of(large)) == push_outcome::accepted; }));
    }
    EXPECT_EQ(verify_log(path()).live, 1U);
}

TEST_F(DurableQueueTest, AMessageWhoseIdWasPushedBeforeAStopOfTheMachineIsADuplicate) {
    shape.id_window = std::chrono::hours{1};
    const queue_terms terms{.id = message_id{}};
    push(*open(), "one", terms);
    restart();
    EXPECT_EQ(open()->try_push(bytes_of("one"), terms), push_outcome::duplicate);
}

TEST_F(DurableQueueTest, WhoGoesOnInTheLaneOfAnotherDoesNotConfuseTheLog) {
    push(*open(), "one");
    {
        const auto queue = open();
        push(*queue, "two");
        EXPECT_EQ(pop_all(*queue), "one two ");
    }
    EXPECT_EQ(verify_log(path()).live, 0U);
}

TEST_F(DurableQueueTest, OnASmallDiskItSaysThatThereIsNoRoom) {
    const int code = testing::exit_code_in_small_tmpfs(root.path(), 1 << 20, [&] {
        return contains(complaint_of([&] { open(); }), "No space left") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(DurableQueueTest, ItIsMadeWholeWhoeverDiedAtAnyCallOfMakingOrRecoveringIt) {
    testing::kill_before_each_call([&] { open(); },
                                   [&] {
                                       const auto queue = open();
                                       push(*queue, "one");
                                       EXPECT_EQ(pop_all(*queue), "one ");
                                       restart();
                                   });
    const temporary_directory other;
    const std::string fresh = other.path() + "/made";
    const auto make = [&] {
        open_durable_queue(fresh, shape, opening::open_or_create, small_segment);
    };
    const int deaths = testing::kill_before_each_call(make, [&] {
        make();
        EXPECT_TRUE(remove_durable_queue(fresh));
    });
    EXPECT_GT(deaths, 20);
}

TEST_F(DurableQueueTest, WhatWasAcknowledgedSurvivesARecoveryThatIsKilledAtAnyCall) {
    for (int i = 0; i < 5; ++i) push(*open(), std::to_string(i));
    restart();
    const int deaths = testing::kill_before_each_call([&] { open(); },
                                                      [&] {
                                                          open();
                                                          restart();
                                                      });
    EXPECT_GT(deaths, 20);
    EXPECT_LE(verify_log(path()).segments, 5U);
    EXPECT_EQ(pop_all(*open()), "0 1 2 3 4 ");
    EXPECT_TRUE(verify_log(path()).damage.empty());
}

// ---- between processes --------------------------------------------------------------------------

TEST_F(DurableQueueTest, WhoeverIsKilledAtAnyCallOfAPushLeavesAllThatWasAcknowledged) {
    open();
    const testing::shared_page<std::atomic<int>> told;
    int found = 0;
    const auto push_once = [&] {
        const auto queue = open();
        queue->try_push(bytes_of("x"));
        ++*told;
    };
    const int deaths = testing::kill_before_each_call(push_once, [&] {
        found += static_cast<int>(pop_all(*open()).size() / 2);
        EXPECT_GE(found, *told);
    });
    EXPECT_GT(deaths, 20);
    EXPECT_TRUE(verify_log(path()).damage.empty());
}

thread_local int accesses_left = 0;

void die_at_last_access(memory::access_kind, const void*) {
    if (--accesses_left == 0) raise(SIGKILL);
}

TEST_F(DurableQueueTest, WhoeverIsKilledAtAnyStepOfACommitLeavesAllThatWasAcknowledged) {
    shape.bytes = 65536;
    open();
    const testing::shared_page<std::atomic<int>> told;
    int found = 0;
    int deaths = 0;
    const auto push_and_die = [&] {
        const auto queue = open();
        push(*queue, "x");
        ++*told;
        auto message = queue->try_pop();
        queue->acknowledge(std::move(*message));
        accesses_left = deaths + 1;
        memory::current_access_hook = &die_at_last_access;
        push(*queue, "y");
        ++*told;
        memory::current_access_hook = nullptr;
        return 0;
    };
    while (testing::exit_code_of_forked(push_and_die) != 0) {
        ++deaths;
        found += 1 + (contains(pop_all(*open()), "y") ? 1 : 0);
        ASSERT_GE(found, *told);
        ASSERT_TRUE(verify_log(path()).damage.empty());
        ASSERT_EQ(verify_log(path()).live, 0U);
    }
    EXPECT_GT(deaths, 40);
}

struct pushed_counts {
    std::array<std::atomic<int>, 8> told{};

    int sum() const {
        int all = 0;
        for (const auto& one : told) all += one;
        return all;
    }
};

// Somebody writes the log, and does not get on.
int hold_the_log(const std::string& path) {
    const os::file lock = os::file::open(os::file_place{path + "/lock"});
    const os::range_lock held =
        os::range_lock::take(lock, os::lock_kind::exclusive, opened_log::commit_byte);
    testing::wait_to_be_killed();
}

TEST_F(DurableQueueTest, WhoMayNotWaitForALogThatIsHeldUpIsToldThatItIsNotConfirmed) {
    const auto queue = open();
    testing::forked_peer holder{[this] { return hold_the_log(path()); }};
    ASSERT_TRUE(holder.await());
    const auto pushed = [&](const char* text, const sync::patience& limit) {
        return queue->try_push(bytes_of(text), {}, limit);
    };
    EXPECT_EQ(pushed("late", {after(std::chrono::milliseconds{1}), {}}), push_outcome::unconfirmed);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(pushed("stopped", {never, stop.get_token()}), push_outcome::unconfirmed);
    EXPECT_EQ(pop(*queue), "nothing") << "it may not be on the disk";
    holder.kill();
    EXPECT_EQ(pushed("third", {}), push_outcome::accepted);
    EXPECT_EQ(pop_all(*queue), "late stopped third ");
}

TEST_F(DurableQueueTest, WhoWaitsForALogThatIsHeldUpIsWokenByAStop) {
    const auto queue = open();
    testing::forked_peer holder{[this] { return hold_the_log(path()); }};
    ASSERT_TRUE(holder.await());
    std::stop_source stop;
    push_outcome became = push_outcome::full;
    testing::watched_thread waiter{
        [&] { became = queue->try_push(bytes_of("one"), {}, {never, stop.get_token()}); }};
    EXPECT_TRUE(waiter.falls_asleep());
    stop.request_stop();
    waiter.join();
    EXPECT_EQ(became, push_outcome::unconfirmed);
}

TEST_F(DurableQueueTest, WhoLeavesWhileTheLogIsHeldUpDoesNotHang) {
    auto queue = open();
    push(*queue, "one");
    testing::forked_peer holder{[this] { return hold_the_log(path()); }};
    ASSERT_TRUE(holder.await());
    EXPECT_EQ(pop(*queue), "one");
    queue.reset();
    queue = open();
    EXPECT_EQ(pop(*queue), "nothing");
}

// Pushes its own digit, and counts what was acknowledged, until it is killed.
std::unique_ptr<testing::forked_peer> pusher(
    const std::function<std::shared_ptr<queue_core>()>& open,
    const testing::shared_page<pushed_counts>& shared, std::size_t which) {
    return std::make_unique<testing::forked_peer>([&open, &shared, which] {
        const auto queue = open();
        const std::string digit = std::to_string(which);
        while (queue->try_push(bytes_of(digit)) != push_outcome::duplicate) ++shared->told[which];
        return 0;
    });
}

TEST_F(DurableQueueTest, PushersThatAreKilledAtRandomLeaveAllThatWasAcknowledged) {
    open();
    const testing::shared_page<pushed_counts> shared;
    std::array<int, 8> found{};
    std::mt19937 random{8};
    for (int round = 0; round < 12; ++round) {
        const int aim = shared->sum() + 1 + static_cast<int>(random() % 60);
        const std::function<std::shared_ptr<queue_core>()> opener = [&] { return open(); };
        std::vector<std::unique_ptr<testing::forked_peer>> pushers;
        for (std::size_t i = 0; i < 8; ++i) pushers.push_back(pusher(opener, shared, i));
        EXPECT_TRUE(testing::eventually([&] { return shared->sum() >= aim; }));
        pushers.clear();
        if (round % 2 == 1) restart();
        for (const char c : pop_all(*open())) {
            if (c != ' ') ++found[static_cast<std::size_t>(c - '0')];
        }
        for (std::size_t i = 0; i < 8; ++i) EXPECT_GE(found[i], shared->told[i]) << i;
    }
    EXPECT_TRUE(verify_log(path()).damage.empty());
}

}  // namespace
}  // namespace signet::pattern
