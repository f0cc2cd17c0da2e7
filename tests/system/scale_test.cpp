// SPDX-License-Identifier: Apache-2.0
// A thousand subscribers of one topic, and a thousand topics in one process. How long it takes and
// what it costs is told by tests/scale_report.cpp.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <gtest/gtest.h>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::watchdog;

constexpr int processes = 20;
constexpr int per_process = 50;

TEST(Scale, AThousandSubscribersHearOnePublisherWhicheverCameFirst) {
    const own_rendezvous place;
    const context here{};
    std::vector<os::child> all;
    const auto start = [&] {
        all.push_back(start_actor({"attend", "t", std::to_string(per_process)}));
    };
    for (int i = 0; i < processes / 2; ++i) start();
    publisher<small_message> out{here, "t"};
    for (int i = 0; i < processes / 2; ++i) start();
    ASSERT_TRUE(out.wait_for_subscribers_for(processes * per_process, watchdog));
    small_message message;
    fill(message, 1, 0);
    ASSERT_TRUE(out.publish_for(message, watchdog));
    int content = 0;
    for (const os::child& one : all) content += status_of(one) == 0;
    EXPECT_EQ(content, processes);
    EXPECT_TRUE(eventually([&] { return out.subscribers() == 0; }));
}

TEST(Scale, AThousandTopicsLiveInOneProcess) {
    const own_rendezvous place;
    const os::child one = start_actor({"topics", "1000"});
    EXPECT_EQ(status_of(one), 0);
}

TEST(Scale, AThousandSubscribersOfLargeMessagesAreEachGrantedOne) {
    const own_rendezvous place;
    const context here{};
    const context there{};
    publisher<large_message> out{here, "t", {.depth = 4}};
    std::vector<std::unique_ptr<subscriber<large_message>>> in;
    for (int i = 0; i < 1000; ++i)
        in.push_back(std::make_unique<subscriber<large_message>>(there, "t"));
    ASSERT_TRUE(out.wait_for_subscribers_for(1000, watchdog));
    ASSERT_TRUE(out.publish(out.loan()));
    for (auto& one : in) EXPECT_TRUE(one->receive_for(watchdog));
}

}  // namespace
}  // namespace signet::tests
