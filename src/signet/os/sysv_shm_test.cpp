// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_shm.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/random.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_as_nobody;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::kill_before_each_call;
using testing::scripted_kernel;

constexpr std::size_t page = 4096;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Runs `body` where no other segments are and the limits can be set; they are this child's alone.
int exit_code_in_ipc_namespace(const std::function<int()>& body) {
    return exit_code_of_forked([&] { return unshare(CLONE_NEWIPC) == 0 ? body() : 126; });
}

bool set(const std::string& setting, const std::string& value) {
    std::ofstream file{"/proc/sys/kernel/" + setting};
    file << value << std::flush;
    return file.good();
}

class SysvShmTest : public ::testing::Test {
protected:
    ~SysvShmTest() override { sysv_shm::remove(key_); }

    shm_key key_{static_cast<std::int32_t>(random_u64() >> 33U) | 1};
    std::string key_text_ = "'key " + std::to_string(static_cast<std::int32_t>(key_)) + "'";
};

TEST_F(SysvShmTest, WhatOneProcessWritesAnotherReads) {
    const sysv_shm memory = sysv_shm::create(key_, 10000);
    const int code = exit_code_of_forked([&] {
        const sysv_shm own = sysv_shm::open(key_);
        own.data()[9999] = std::byte{7};
        return own.size() == 10000 ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(memory.bytes()[9999], std::byte{7});
}

TEST_F(SysvShmTest, WithoutAKeyItIsFoundByItsId) {
    const sysv_shm memory = sysv_shm::create_unnamed(page);
    const sysv_shm other = sysv_shm::open(memory.id());
    memory.data()[0] = std::byte{1};
    EXPECT_EQ(other.data()[0], std::byte{1});
}

TEST_F(SysvShmTest, FactsAreAboutSizeUsersAndOwner) {
    const sysv_shm memory = sysv_shm::create(key_, 10000, 0640);
    const sysv_shm again = sysv_shm::open(key_);
    const sysv_shm_facts facts = memory.facts();
    EXPECT_EQ(facts.bytes, 10000U);
    EXPECT_EQ(facts.attached, 2U);
    EXPECT_EQ(facts.creator_pid, getpid());
    EXPECT_EQ(facts.owner_uid, geteuid());
    EXPECT_EQ(facts.mode, 0640U);
    EXPECT_FALSE(facts.removed);
}

TEST_F(SysvShmTest, ItsCreatorRemovesItAndOpenersDoNot) {
    {
        const sysv_shm memory = sysv_shm::create(key_, page);
        sysv_shm::open(key_);
        EXPECT_TRUE(sysv_shm::try_open(key_));
    }
    EXPECT_FALSE(sysv_shm::try_open(key_));
}

TEST_F(SysvShmTest, AKeptOneStays) {
    sysv_shm::create(key_, page).keep();
    EXPECT_TRUE(sysv_shm::try_open(key_));
    EXPECT_TRUE(sysv_shm::remove(key_));
    EXPECT_FALSE(sysv_shm::remove(key_));
}

TEST_F(SysvShmTest, AForkedChildLeavesItAlone) {
    auto memory = std::optional{sysv_shm::create(key_, page)};
    EXPECT_EQ(exit_code_of_forked([&] {
                  memory.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(sysv_shm::try_open(key_));
    EXPECT_EQ(memory->facts().attached, 1U);
}

TEST_F(SysvShmTest, OneMarkedForRemovalLivesAsLongAsItsUsers) {
    sysv_shm memory = sysv_shm::create(key_, page);
    memory.mark_for_removal();
    EXPECT_TRUE(memory.facts().removed);
    EXPECT_FALSE(sysv_shm::try_open(key_));
    memory.data()[0] = std::byte{1};
    EXPECT_EQ(sysv_shm::open(memory.id()).data()[0], std::byte{1});
}

TEST_F(SysvShmTest, OneMarkedForRemovalIsGoneWithItsLastUser) {
    std::optional<shm_id> id;
    {
        sysv_shm memory = sysv_shm::create(key_, page);
        memory.mark_for_removal();
        id = memory.id();
    }
    EXPECT_TRUE(contains(complaint_of([&] { sysv_shm::open(*id); }), "no such segment any more"));
}

TEST_F(SysvShmTest, ItIsPassedOnByMoving) {
    sysv_shm first = sysv_shm::create(key_, page);
    {
        sysv_shm second = std::move(first);
        EXPECT_EQ(second.size(), page);
        EXPECT_EQ(first.data(), nullptr);
        first = std::move(second);
    }
    first.data()[0] = std::byte{1};
    EXPECT_TRUE(sysv_shm::try_open(key_));
}

TEST_F(SysvShmTest, AKilledCreatorLeavesASegmentThatNobodyIsAttachedTo) {
    const int code = exit_code_of_forked([&] {
        const sysv_shm memory = sysv_shm::create(key_, page);
        memory.data()[0] = std::byte{3};
        raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGKILL);
    {
        const sysv_shm left = sysv_shm::open(key_);
        EXPECT_EQ(left.data()[0], std::byte{3});
        EXPECT_EQ(left.facts().attached, 1U);
    }
    EXPECT_TRUE(sysv_shm::remove(key_));
}

TEST_F(SysvShmTest, AKilledUserIsDetached) {
    const sysv_shm memory = sysv_shm::create(key_, page);
    exit_code_of_forked([&] {
        const sysv_shm own = sysv_shm::open(key_);
        raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(memory.facts().attached, 1U);
}

TEST_F(SysvShmTest, WhoDiesAfterMarkingLeavesNothing) {
    exit_code_of_forked([&] {
        sysv_shm memory = sysv_shm::create(key_, page);
        memory.mark_for_removal();
        raise(SIGKILL);
        return 0;
    });
    EXPECT_FALSE(sysv_shm::try_open(key_));
}

TEST_F(SysvShmTest, WhoDiesAnywhereLeavesWhatCanBeRemoved) {
    kill_before_each_call([&] { sysv_shm::create(key_, page); },
                          [&] {
                              const auto left = sysv_shm::try_open(key_);
                              EXPECT_EQ(left ? left->size() : page, page);
                              sysv_shm::remove(key_);
                              EXPECT_FALSE(sysv_shm::try_open(key_));
                          });
}

TEST_F(SysvShmTest, ATakenKeySaysWhatToDo) {
    const sysv_shm memory = sysv_shm::create(key_, page);
    EXPECT_EQ(complaint_of([&] { sysv_shm::create(key_, page); }),
              "cannot create System V shared memory " + key_text_ +
                  ": File exists; the key is taken: open it, choose another, or remove what a "
                  "process that was killed has left (ipcs -m, ipcrm -M)");
}

TEST_F(SysvShmTest, AMissingKeySaysWhatToDo) {
    EXPECT_EQ(complaint_of([&] { sysv_shm::open(key_); }),
              "cannot open System V shared memory " + key_text_ +
                  ": No such file or directory; nobody has created it, or it was removed; check "
                  "the key");
}

TEST_F(SysvShmTest, NoKeyAndNoBytesBreakTheContract) {
    EXPECT_THROW(sysv_shm::create(shm_key{0}, page), contract_violation);
    EXPECT_THROW(sysv_shm::try_open(shm_key{0}), contract_violation);
    EXPECT_THROW(sysv_shm::remove(shm_key{0}), contract_violation);
    EXPECT_THROW(sysv_shm::create(key_, 0), contract_violation);
}

TEST_F(SysvShmTest, WithoutRightsTheTextSaysSo) {
    const sysv_shm memory = sysv_shm::create(key_, page);
    const int code = exit_code_as_nobody([&] {
        const std::string advice = "it is another user's; check its owner and mode";
        return contains(complaint_of([&] { sysv_shm::open(key_); }), advice) &&
                       contains(complaint_of([&] { sysv_shm::remove(key_); }), advice)
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(SysvShmTest, ItsModeSaysWhoMayDoWhat) {
    const sysv_shm memory = sysv_shm::create(key_, page, 0644);
    const int code = exit_code_as_nobody([&] {
        sysv_shm::open(key_, shm_access::read_only);
        return complaint_of([&] { sysv_shm::open(key_); }) == "no error" ? 1 : 0;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(SysvShmTest, WhatIsReadOnlyCannotBeStoredTo) {
    const sysv_shm memory = sysv_shm::create(key_, page);
    const int code = exit_code_of_forked([&] {
        signal(SIGSEGV, SIG_DFL);
        sysv_shm::open(key_, shm_access::read_only).data()[0] = std::byte{1};
        return 0;
    });
    EXPECT_EQ(code, 128 + SIGSEGV);
}

TEST_F(SysvShmTest, TheLimitsCanBeRead) {
    const sysv_shm_limits limits = current_sysv_shm_limits();
    EXPECT_GT(limits.segment_bytes_max, page);
    EXPECT_GT(limits.pages_max, 1U);
    EXPECT_GT(limits.segments_max, 0U);
}

TEST_F(SysvShmTest, ATooLargeSegmentSaysWhatToRaise) {
    const int code = exit_code_in_ipc_namespace([&] {
        if (!set("shmmax", "8192")) return 2;
        sysv_shm::create(key_, 8192);
        return contains(complaint_of([&] { sysv_shm::create_unnamed(8193); }),
                        "raise /proc/sys/kernel/shmmax, now 8192 bytes, or share less")
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(SysvShmTest, TooManySegmentsSayWhatToRaise) {
    const int code = exit_code_in_ipc_namespace([&] {
        if (!set("shmmni", "1")) return 2;
        const sysv_shm only = sysv_shm::create(key_, page);
        return contains(complaint_of([&] { sysv_shm::create_unnamed(page); }),
                        "raise /proc/sys/kernel/shmmni, now 1 segments, or raise")
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(SysvShmTest, TooManyPagesSayWhatToRaise) {
    const int code = exit_code_in_ipc_namespace([&] {
        if (!set("shmall", "2")) return 2;
        return contains(complaint_of([&] { sysv_shm::create_unnamed(3 * page); }),
                        "raise /proc/sys/kernel/shmall, now 2 pages")
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(SysvShmTest, WithoutMemoryItIsAnErrorAndNotASignalAndLeavesNothing) {
    process_generation();  // its own page is asked for once
    for (const int number : {ENOMEM, EFAULT}) {
        scripted_kernel script;
        script.fail(SYS_madvise, number);
        EXPECT_TRUE(contains(complaint_of([&] { sysv_shm::create(key_, page); }),
                             "cannot allocate System V shared memory '4096 bytes'"));
        EXPECT_FALSE(sysv_shm::try_open(key_));
    }
}

TEST_F(SysvShmTest, OneThatIsRemovedMeanwhileIsSaidToBe) {
    const sysv_shm memory = sysv_shm::create(key_, page);
    scripted_kernel script;
    script.fail(SYS_shmat, EIDRM).fail(SYS_shmctl, EIDRM).fail(SYS_shmctl, EIDRM, 2);
    EXPECT_TRUE(contains(complaint_of([&] { sysv_shm::open(key_); }), "it was removed meanwhile"));
    EXPECT_TRUE(contains(complaint_of([&] { memory.facts(); }), "it was removed meanwhile"));
    EXPECT_FALSE(sysv_shm::remove(key_));
}

TEST_F(SysvShmTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        sysv_shm memory = sysv_shm::create(key_, page);
        sysv_shm::open(key_);
        memory.mark_for_removal();
    };
    // where the last call of a creator's death fails, the segment stays: it is removed here
    const auto tidy = [&] {
        sysv_shm::remove(key_);
        use();
    };
    EXPECT_EQ(fail_each_call(EIO, tidy), std::vector<long>{SYS_shmdt});
}

}  // namespace
}  // namespace signet::os
