// SPDX-License-Identifier: Apache-2.0
// Where the memory of a topic comes from, and what becomes of both ends when there is none. All is
// driven by the test's own thread, so that its kernel can be told to have no memory.
#include <signet/base/error.hpp>
#include <signet/os/memory_limits.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <fstream>
#include <string>

namespace signet {
namespace {

using testing::complaint_of;
using testing::eventually;
using testing::scripted_kernel;

struct small {
    std::uint64_t number;
};

struct large {
    std::array<std::uint64_t, 512> words;
};

constexpr int calls_max = 1000;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Kilobytes that the mappings of `name` with these rights have in memory.
int resident_kb(const std::string& name, const std::string& rights) {
    std::ifstream maps{"/proc/self/smaps"};
    int sum = 0;
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        const bool header = !line.substr(0, line.find(' ')).ends_with(':');
        if (header) inside = contains(line, rights) && contains(line, name);
        if (inside && line.starts_with("Rss:")) sum += std::stoi(line.substr(4));
    }
    return sum;
}

class TopicMemory : public ::testing::Test {
protected:
    void poll() {
        here_.poll();
        there_.poll();
    }

    template <class T>
    bool meet(publisher<T>& out, subscriber<T>& in) {
        return eventually([&] {
            poll();
            in.try_receive();
            return out.subscribers() == 1 && in.publishers() == 1;
        });
    }

    /// Two ends meet and exchange messages; what goes wrong is thrown.
    template <class T>
    void converse() {
        publisher<T> out{here_, "t", {.depth = 8, .timestamps = true}};
        subscriber<T> in{there_, "t"};
        const T message{};
        for (int looks = 0; looks < 20; ++looks) {
            poll();
            out.publish(message);
            in.try_receive();
        }
    }

    /// Each call of `number` fails in turn: both ends live on without it, or complain.
    template <class T>
    int times_without(long number, int error_number) {
        for (int nth = 1; nth < calls_max; ++nth) {
            scripted_kernel script;
            script.fail(number, error_number, nth);
            complaint_of([&] { converse<T>(); });
            if (script.calls(number) < nth) return nth - 1;
        }
        return calls_max;
    }

    testing::temporary_directory place_;
    context here_{{.directory = place_.path(), .drive = drive::manual}};
    context there_{{.directory = place_.path(), .drive = drive::manual}};
};

TEST_F(TopicMemory, ASubscriberOfSmallMessagesTakesOnePage) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(meet(out, in));
    EXPECT_EQ(resident_kb("signet-subscriber", "rw-s"), 4);
}

TEST_F(TopicMemory, ASubscriberThatMayHoldHasMemoryForTheTimesToo) {
    publisher<large> out{here_, "t"};
    subscriber<large> in{there_, "t"};
    ASSERT_TRUE(meet(out, in));
    EXPECT_EQ(resident_kb("signet-subscriber", "rw-s"), 8);
}

TEST_F(TopicMemory, ASubscriberOfTimedMessagesHasMemoryForTheAgesToo) {
    publisher<large> out{here_, "t", {.timestamps = true}};
    subscriber<large> in{there_, "t"};
    ASSERT_TRUE(meet(out, in));
    EXPECT_EQ(resident_kb("signet-subscriber", "rw-s"), 12);
}

TEST_F(TopicMemory, WithoutMemoryAtAnyAllocationNobodyDies) {
    EXPECT_GE(times_without<large>(SYS_fallocate, ENOSPC), 5);
    EXPECT_GE(times_without<small>(SYS_fallocate, ENOSPC), 4);
}

TEST_F(TopicMemory, WithoutMemoryForAnyPageNobodyDies) {
    EXPECT_GE(times_without<large>(SYS_madvise, ENOMEM), 5);
}

TEST_F(TopicMemory, APublisherWithoutMemoryForItsRingIsNotMade) {
    scripted_kernel script;
    script.fail(SYS_fallocate, ENOSPC);
    EXPECT_TRUE(contains(complaint_of([&] { publisher<small>{here_, "t"}; }),
                         "cannot allocate shared memory"));
}

TEST_F(TopicMemory, AMessageWithoutMemoryIsAnErrorAndTheNextOneGoesOut) {
    publisher<large> out{here_, "t"};
    {
        scripted_kernel script;
        script.fail(SYS_fallocate, ENOSPC);
        EXPECT_TRUE(contains(complaint_of([&] { out.publish({}); }), "cannot allocate"));
    }
    EXPECT_TRUE(out.publish({}));
}

// ---- prefaulted, locked -------------------------------------------------------------------------

TEST_F(TopicMemory, PrefaultedNothingIsAllocatedLater) {
    publisher<large> out{here_, "t", {.depth = 8, .memory = paging::prefaulted}};
    scripted_kernel script;
    script.fail(SYS_fallocate, ENOSPC).fail(SYS_madvise, ENOMEM);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(out.publish({}));
}

TEST_F(TopicMemory, PrefaultedAFullRingIsResidentAtOnce) {
    const publisher<large> out{here_, "t", {.depth = 8, .memory = paging::prefaulted}};
    EXPECT_EQ(resident_kb("signet-topic", "rw-s"), 8 + 10 * 4);  // header, slots, ten chunks
}

TEST_F(TopicMemory, APrefaultedSubscriberSeesAllOfAPrefaultedPublisherAtOnce) {
    publisher<large> out{here_, "t", {.depth = 8, .memory = paging::prefaulted}};
    subscriber<large> in{there_, "t", {.memory = paging::prefaulted}};
    ASSERT_TRUE(meet(out, in));
    EXPECT_EQ(resident_kb("signet-topic", "r--s"), 8 + 10 * 4);
}

TEST_F(TopicMemory, APrefaultedSubscriberFillsNoHoles) {
    publisher<large> out{here_, "t", {.depth = 8}};
    subscriber<large> in{there_, "t", {.memory = paging::prefaulted}};
    ASSERT_TRUE(meet(out, in));
    EXPECT_EQ(resident_kb("signet-topic", "r--s"), 8);
}

TEST_F(TopicMemory, LockedMemoryCarriesMessages) {
    publisher<large> out{here_, "t", {.depth = 8, .memory = paging::locked}};
    subscriber<large> in{there_, "t", {.memory = paging::locked}};
    ASSERT_TRUE(meet(out, in));
    large message{};
    message.words.fill(42);
    out.publish(message);
    EXPECT_EQ(in.receive_for(testing::watchdog)->words, message.words);
}

TEST_F(TopicMemory, WhoMayNotLockIsToldWhatToRaise) {
    scripted_kernel script;
    script.fail(SYS_mlock, ENOMEM);
    const auto create = [&] { publisher<large>{here_, "t", {.memory = paging::locked}}; };
    EXPECT_TRUE(contains(complaint_of(create), "raise the limit of locked memory (ulimit -l)"));
}

TEST_F(TopicMemory, ASubscriberThatMayNotLockIsToldSoWhenItReceives) {
    publisher<large> out{here_, "t"};
    subscriber<large> in{there_, "t", {.memory = paging::locked}};
    scripted_kernel script;
    script.fail(SYS_mlock, EPERM);
    EXPECT_TRUE(contains(complaint_of([&] { meet(out, in); }), "ulimit -l"));
}

// ---- what does not fit --------------------------------------------------------------------------

TEST_F(TopicMemory, APublisherAboveTheLimitOfFileSizesIsRefused) {
    const int code = testing::exit_code_of_forked([this] {
        const rlimit low{1 << 20, 1 << 20};
        setrlimit(RLIMIT_FSIZE, &low);
        const context alone{{.directory = place_.path(), .drive = drive::manual}};
        const auto create = [&] { publisher<large>{alone, "t"}; };
        return contains(complaint_of(create), "the limit of file sizes (ulimit -f)") ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(TopicMemory, APublisherWhoseRingNeverFitsTheMachineIsRefused) {
    constexpr std::uint64_t too_deep = std::uint64_t{1} << 24;
    using page_sized = std::array<std::byte, 1 << 17>;  // times the depth: 2 TiB
    EXPECT_TRUE(
        contains(complaint_of([&] { publisher<page_sized>{here_, "t", {.depth = too_deep / 4}}; }),
                 "lower depth, history, loans_max"));
}

// ---- huge pages ---------------------------------------------------------------------------------

/// Reserves huge pages for the time of a test, where the test may.
class huge_pages {
public:
    explicit huge_pages(std::uint64_t count)
        : before_{os::current_memory_limits().huge_pages_total} {
        reserve(before_ + count);
    }
    huge_pages(const huge_pages&) = delete;
    huge_pages& operator=(const huge_pages&) = delete;
    ~huge_pages() { reserve(before_); }

    static bool there(std::uint64_t count) {
        return os::current_memory_limits().huge_pages_free >= count;
    }

private:
    static void reserve(std::uint64_t total) {
        std::ofstream{"/proc/sys/vm/nr_hugepages"} << total;
    }

    std::uint64_t before_;
};

TEST_F(TopicMemory, HugePagesCarryMessagesWhereTheyAreReserved) {
    const huge_pages reserved{1};
    const publisher_options options{.depth = 8, .pages = page_size::huge};
    const auto talk = [&] {
        publisher<large> out{here_, "t", options};
        subscriber<large> in{there_, "t"};
        ASSERT_TRUE(meet(out, in));
        for (std::uint64_t i = 0; i < 20; ++i) {
            out.publish({.words = {i}});
            EXPECT_EQ(in.receive_for(testing::watchdog)->words[0], i);
        }
    };
    const bool there = huge_pages::there(plan_memory<large>(options).huge_pages());
    EXPECT_EQ(contains(complaint_of(talk), "sysctl vm.nr_hugepages="), !there);
}

TEST_F(TopicMemory, HugePagesWhichAreNotThereAreRefusedWithTheirNumber) {
    const publisher_options options{.depth = 1 << 22, .pages = page_size::huge};
    EXPECT_TRUE(contains(complaint_of([&] { publisher<large>{here_, "t", options}; }),
                         "of huge pages, and"));
}

}  // namespace
}  // namespace signet
