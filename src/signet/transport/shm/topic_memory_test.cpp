// SPDX-License-Identifier: Apache-2.0
// Where the memory of a topic comes from, and what becomes of both ends when there is none. All is
// driven by the test's own thread, so that its kernel can be told to have no memory.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
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
        if (contains(line, "-s ")) inside = contains(line, rights) && contains(line, name);
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

}  // namespace
}  // namespace signet
