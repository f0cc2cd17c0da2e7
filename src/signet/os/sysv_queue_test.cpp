// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

const sysv_types any = sysv_types::any();
constexpr sysv_message nothing{.outcome = sysv_outcome::not_now};
constexpr sysv_message gone{.outcome = sysv_outcome::removed};

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

std::string receive_text(sysv_queue& queue, const sysv_types& types = any,
                         deadline until = deadline{}) {
    std::array<char, 64> buffer{};
    const auto message = queue.receive(types, std::as_writable_bytes(std::span{buffer}), until);
    if (message.outcome != sysv_outcome::done) return "nothing";
    return {buffer.data(), message.bytes};
}

int own_key() {
    return 0x53470000 | (getpid() & 0xffff);
}

int in_own_namespace(const std::function<int()>& body) {
    return exit_code_of_forked([&] { return unshare(CLONE_NEWIPC) == 0 ? body() : 2; });
}

bool set_here(const char* setting, const char* value) {
    std::ofstream file{setting};
    return (file << value << std::flush).good();
}

TEST(SysvQueue, MessagesArriveWholeInOrderWithTheirTypes) {
    sysv_queue queue = sysv_queue::create_private();
    EXPECT_EQ(queue.try_send(7, bytes_of("one")), sysv_outcome::done);
    EXPECT_EQ(queue.send(2, bytes_of("two")), sysv_outcome::done);
    std::array<std::byte, 16> buffer;
    EXPECT_EQ(queue.try_receive(any, buffer), (sysv_message{sysv_outcome::done, 7, 3}));
    EXPECT_EQ(queue.receive(any, buffer, never), (sysv_message{sysv_outcome::done, 2, 3}));
    EXPECT_EQ(queue.try_receive(any, buffer), nothing);
}

TEST(SysvQueue, AReceiverChoosesByType) {
    sysv_queue queue = sysv_queue::create_private();
    for (const long type : {5, 3, 4, 3}) queue.try_send(type, bytes_of(std::to_string(type)));
    EXPECT_EQ(receive_text(queue, sysv_types::exactly(4)), "4");
    EXPECT_EQ(receive_text(queue, sysv_types::lowest_up_to(4)), "3");
    EXPECT_EQ(receive_text(queue, sysv_types::all_but(5)), "3");
    EXPECT_EQ(receive_text(queue, sysv_types::all_but(5)), "nothing");
    EXPECT_EQ(receive_text(queue, sysv_types::lowest_up_to(4)), "nothing");
    EXPECT_EQ(receive_text(queue), "5");
}

TEST(SysvQueue, ATypeBelowOneBreaksTheContract) {
    sysv_queue queue = sysv_queue::create_private();
    EXPECT_THROW(queue.try_send(0, {}), contract_violation);
    EXPECT_THROW(sysv_types::exactly(0), contract_violation);
    EXPECT_THROW(sysv_types::lowest_up_to(-1), contract_violation);
    EXPECT_THROW(sysv_queue::create(0), contract_violation);
    EXPECT_THROW(sysv_queue::open(0), contract_violation);
}

TEST(SysvQueue, AnEmptyMessageIsAMessage) {
    sysv_queue queue = sysv_queue::create_private();
    EXPECT_EQ(queue.try_send(1, {}), sysv_outcome::done);
    EXPECT_EQ(receive_text(queue), "");
}

TEST(SysvQueue, AFullOneTakesNothing) {
    sysv_queue queue = sysv_queue::create_private({.capacity_bytes = 8});
    EXPECT_EQ(queue.try_send(1, bytes_of("12345")), sysv_outcome::done);
    EXPECT_EQ(queue.try_send(1, bytes_of("6789")), sysv_outcome::not_now);
    EXPECT_EQ(queue.facts()->capacity_bytes, 8u);
}

TEST(SysvQueue, ASendWaitsForRoom) {
    sysv_queue queue = sysv_queue::create_private({.capacity_bytes = 4});
    std::thread receiver{[id = queue.id()] {
        sysv_queue other = sysv_queue::open_id(id);
        for (const char* text : {"1234", "5678"}) EXPECT_EQ(receive_text(other, any, never), text);
    }};
    EXPECT_EQ(queue.send(1, bytes_of("1234")), sysv_outcome::done);
    EXPECT_EQ(queue.send(1, bytes_of("5678")), sysv_outcome::done);
    receiver.join();
}

TEST(SysvQueue, AReceiveGivesUpAtItsDeadline) {
    sysv_queue queue = sysv_queue::create_private();
    EXPECT_EQ(receive_text(queue, any, after(3ms)), "nothing");
    queue.try_send(2, bytes_of("x"));
    EXPECT_EQ(receive_text(queue, sysv_types::exactly(1), after(3ms)), "nothing");
    EXPECT_EQ(receive_text(queue, any, after(1h)), "x");
}

TEST(SysvQueue, AReceiveWithADeadlineEndsWhenAMessageComes) {
    sysv_queue queue = sysv_queue::create_private();
    for (const char* text : {"here", ""}) {
        std::thread sender{
            [id = queue.id(), text] { sysv_queue::open_id(id).send(1, bytes_of(text)); }};
        EXPECT_EQ(receive_text(queue, any, after(1h)), text);
        sender.join();
    }
}

TEST(SysvQueue, WaitersShareWhatComesAndLoseNothing) {
    sysv_queue queue = sysv_queue::create_private();
    constexpr int each = 20;
    const auto receives = [id = queue.id()] {
        sysv_queue other = sysv_queue::open_id(id);
        for (int i = 0; i < each; ++i) EXPECT_NE(receive_text(other, any, after(1h)), "nothing");
    };
    std::thread one{receives};
    std::thread two{receives};
    for (int i = 0; i < 2 * each; ++i) queue.send(1, bytes_of(i % 2 == 0 ? "x" : ""));
    one.join();
    two.join();
    EXPECT_EQ(queue.facts()->messages, 0u);
}

TEST(SysvQueue, ARemovalIsToldToWhoWaitsAndToWhoComesLater) {
    for (const deadline until : {never, after(1h)}) {
        sysv_queue other = sysv_queue::create_private();
        std::thread remover{[id = other.id()] { sysv_queue::open_id(id).remove(); }};
        std::array<std::byte, 1> buffer;
        EXPECT_EQ(other.receive(any, buffer, until), gone);
        remover.join();
        EXPECT_EQ(other.try_send(1, {}), sysv_outcome::removed);
        EXPECT_FALSE(other.facts());
        EXPECT_FALSE(other.remove());
    }
}

TEST(SysvQueue, ARemovalIsToldToWhoWaitsForRoom) {
    sysv_queue queue = sysv_queue::create_private({.capacity_bytes = 1});
    queue.try_send(1, bytes_of("x"));
    std::thread remover{[id = queue.id()] { sysv_queue::open_id(id).remove(); }};
    EXPECT_EQ(queue.send(1, bytes_of("y")), sysv_outcome::removed);
    remover.join();
}

TEST(SysvQueue, APeekLeavesTheMessageThere) {
    sysv_queue queue = sysv_queue::create_private();
    queue.try_send(1, bytes_of("a"));
    queue.try_send(2, bytes_of("bc"));
    std::array<std::byte, 4> buffer;
    const sysv_message second = queue.peek(1, buffer);
    EXPECT_EQ(second, (sysv_message{sysv_outcome::done, 2, 2}));
    EXPECT_EQ(queue.peek(2, buffer), nothing);
    EXPECT_EQ(queue.facts()->messages, 2u);
}

TEST(SysvQueue, AKernelWithoutPeekingSaysSo) {
    sysv_queue queue = sysv_queue::create_private();
    scripted_kernel script;
    script.fail(SYS_msgrcv, ENOSYS).fail(SYS_msgrcv, EIO, 2);
    EXPECT_NE(complaint_of([&] { queue.peek(0, {}); }).find("without CONFIG_CHECKPOINT_RESTORE"),
              std::string::npos);
    EXPECT_NE(complaint_of([&] { queue.peek(0, {}); }).find("Input/output"), std::string::npos);
}

TEST(SysvQueue, FactsTellWhatIsInItAndWhoUsedItLast) {
    sysv_queue queue = sysv_queue::create_private({.mode = 0640});
    queue.try_send(1, bytes_of("abc"));
    const auto facts = queue.facts();
    EXPECT_EQ(facts->messages, 1u);
    EXPECT_EQ(facts->bytes, 3u);
    EXPECT_EQ(facts->last_sender, getpid());
    EXPECT_EQ(facts->last_receiver, 0);
    EXPECT_EQ(facts->owner_uid, geteuid());
    EXPECT_EQ(facts->mode, 0640u);
}

TEST(SysvQueue, TwoProcessesMeetByAKey) {
    const int key = own_key();
    sysv_queue queue = sysv_queue::create(key);
    const auto answers = [key] {
        sysv_queue other = sysv_queue::open(key);
        return other.send(1, bytes_of("from the other")) == sysv_outcome::done ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(answers), 0);
    EXPECT_EQ(receive_text(queue), "from the other");
}

TEST(SysvQueue, AKeyIsMadeOfAFileAsTheCLibraryDoes) {
    EXPECT_EQ(sysv_key_of("/proc", 7), ftok("/proc", 7));
    EXPECT_EQ(complaint_of([] { sysv_key_of("/no/such", 7); }),
              "cannot make a key of file '/no/such': No such file or directory");
}

TEST(SysvQueue, ItGoesWithItsCreator) {
    int id = -1;
    {
        sysv_queue first = sysv_queue::create_private();
        const sysv_queue moved{std::move(first)};
        id = moved.id();
        const sysv_queue guest = sysv_queue::open_id(id);
    }
    EXPECT_EQ(complaint_of([id] { sysv_queue::open_id(id); }),
              "cannot open System V queue 'with id " + std::to_string(id) +
                  "': No such file or directory; it was removed, or is elsewhere");
}

TEST(SysvQueue, AssignmentRemovesTheOneBefore) {
    sysv_queue queue = sysv_queue::create_private();
    const int before = queue.id();
    queue = sysv_queue::create_private();
    EXPECT_THROW(sysv_queue::open_id(before), error);
    EXPECT_TRUE(queue.facts());
}

TEST(SysvQueue, OneThatIsKeptIsThereUntilItIsRemoved) {
    sysv_queue first = sysv_queue::create(own_key());
    first.keep();
    {
        const sysv_queue ended{std::move(first)};
    }
    sysv_queue again = sysv_queue::open(own_key());
    EXPECT_TRUE(again.remove());
    EXPECT_FALSE(again.remove());
}

TEST(SysvQueue, AForkedChildLeavesItAlone) {
    std::optional<sysv_queue> queue = sysv_queue::create_private();
    EXPECT_EQ(exit_code_of_forked([&] {
                  queue.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(queue->facts());
}

TEST(SysvQueue, AKilledCreatorLeavesQueueAndMessages) {
    const int key = own_key();
    const auto dies = [key] {
        sysv_queue queue = sysv_queue::create(key);
        queue.try_send(1, bytes_of("last words"));
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(exit_code_of_forked(dies), 128 + SIGKILL);
    sysv_queue heir = sysv_queue::open(key);
    EXPECT_EQ(receive_text(heir), "last words");
    EXPECT_TRUE(heir.remove());
}

TEST(SysvQueue, AKilledReceiverLeavesTheRest) {
    sysv_queue queue = sysv_queue::create_private();
    queue.try_send(1, bytes_of("taken"));
    queue.try_send(1, bytes_of("left"));
    const auto dies = [&] {
        receive_text(queue);
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(exit_code_of_forked(dies), 128 + SIGKILL);
    EXPECT_EQ(receive_text(queue), "left");
}

TEST(SysvQueue, AKeyThatIsTakenOrMissingSaysWhatToDo) {
    const std::string key = std::to_string(own_key());
    const sysv_queue queue = sysv_queue::create(own_key());
    EXPECT_EQ(complaint_of([] { sysv_queue::create(own_key()); }),
              "cannot create System V queue 'with key " + key +
                  "': File exists; open it, or choose another key");
    EXPECT_EQ(complaint_of([] { sysv_queue::open(own_key() + (1 << 20)); }),
              "cannot open System V queue 'with key " + std::to_string(own_key() + (1 << 20)) +
                  "': No such file or directory; nobody has created it in this IPC namespace, or "
                  "it was removed");
}

TEST(SysvQueue, AMessageLargerThanTheKernelAllowsNamesTheSetting) {
    sysv_queue queue = sysv_queue::create_private();
    const std::uint64_t limit = *current_sysv_queue_limits().message_bytes_max;
    const std::string large(limit + 1, 'x');
    EXPECT_NE(complaint_of([&] { queue.send(1, bytes_of(large)); })
                  .find(std::to_string(limit + 1) + " bytes; raise /proc/sys/kernel/msgmax, now " +
                        std::to_string(limit) + ", or send less"),
              std::string::npos);
}

TEST(SysvQueue, AMessageLargerThanTheWholeQueueDoesNotWaitForEver) {
    sysv_queue queue = sysv_queue::create_private({.capacity_bytes = 4});
    EXPECT_NE(complaint_of([&] {
                  queue.send(1, bytes_of("12345"));
              }).find("5 bytes, where all of it has room for 4"),
              std::string::npos);
}

TEST(SysvQueue, AMessageLargerThanTheBufferIsNotCutAndStays) {
    sysv_queue queue = sysv_queue::create_private();
    queue.try_send(1, bytes_of("12345"));
    std::array<std::byte, 4> buffer;
    for (const deadline until : {deadline{}, after(1h), never}) {
        EXPECT_NE(complaint_of([&] {
                      queue.receive(any, buffer, until);
                  }).find("more than the buffer's 4 bytes, and stays in the queue"),
                  std::string::npos);
    }
    EXPECT_EQ(receive_text(queue), "12345");
}

TEST(SysvQueue, MoreCapacityThanAllowedNamesTheSetting) {
    EXPECT_EQ(in_own_namespace([] {
                  if (syscall(SYS_setresuid, 65534, 65534, 65534) != 0) return 3;
                  const std::string text =
                      complaint_of([] { sysv_queue::create_private({.capacity_bytes = 1 << 20}); });
                  return text.find("cannot give 1048576 bytes to System V queue") == 0 &&
                                 text.find("raise /proc/sys/kernel/msgmnb, now 16384") != text.npos
                             ? 0
                             : 1;
              }),
              0);
}

TEST(SysvQueue, MoreQueuesThanAllowedNamesTheSetting) {
    EXPECT_EQ(in_own_namespace([] {
                  if (!set_here("/proc/sys/kernel/msgmni", "1")) return 3;
                  const sysv_queue first = sysv_queue::create_private();
                  const std::string text = complaint_of([] { sysv_queue::create_private(); });
                  return text.find("raise /proc/sys/kernel/msgmni, now 1") != text.npos ? 0 : 1;
              }),
              0);
}

TEST(SysvQueue, RaisedLimitsAreEnoughForALargerMessage) {
    EXPECT_EQ(in_own_namespace([] {
                  if (!set_here("/proc/sys/kernel/msgmax", "100000")) return 3;
                  if (!set_here("/proc/sys/kernel/msgmnb", "200000")) return 4;
                  sysv_queue queue = sysv_queue::create_private();
                  const std::string large(100000, 'x');
                  std::vector<std::byte> buffer(large.size());
                  queue.send(1, bytes_of(large));
                  return queue.try_receive(any, buffer).bytes == large.size() ? 0 : 1;
              }),
              0);
}

TEST(SysvQueue, WithoutRightsNothingCanBeDone) {
    sysv_queue queue = sysv_queue::create_private();
    EXPECT_EQ(exit_code_of_forked([&] {
                  if (syscall(SYS_setresgid, 65534, 65534, 65534) != 0) return 3;
                  if (syscall(SYS_setresuid, 65534, 65534, 65534) != 0) return 3;
                  const std::string facts = complaint_of([&] { queue.facts(); });
                  const std::string gone_text = complaint_of([&] { queue.remove(); });
                  const std::string sent = complaint_of([&] { queue.try_send(1, {}); });
                  return facts.find("for others than this user") != facts.npos &&
                                 gone_text.find("only its owner can") != gone_text.npos &&
                                 sent.find("Permission denied") != sent.npos
                             ? 0
                             : 1;
              }),
              0);
}

TEST(SysvQueue, InterruptionsAreNotSeen) {
    sysv_queue queue = sysv_queue::create_private();
    scripted_kernel script;
    script.interrupt(SYS_msgsnd, 2).interrupt(SYS_msgrcv, 2);
    EXPECT_EQ(queue.send(1, bytes_of("x")), sysv_outcome::done);
    EXPECT_EQ(receive_text(queue, any, never), "x");
}

TEST(SysvQueue, EachCallThatFailsIsAnErrorOrBelongsToTheEnd) {
    std::vector<int> left;
    const auto use = [&left] {
        sysv_queue queue = sysv_queue::create_private({.capacity_bytes = 100});
        left.push_back(queue.id());
        queue.send(1, bytes_of("x"));
        receive_text(queue, any, never);
        queue.facts();
    };
    EXPECT_EQ(fail_each_call(EIO, use), std::vector<long>{SYS_msgctl});
    for (const int id : left) syscall(SYS_msgctl, id, IPC_RMID, nullptr);
}

}  // namespace
}  // namespace signet::os
