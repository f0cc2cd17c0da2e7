// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/inspect.hpp>

#include <signet/base/error.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/process.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>
#include <signet/wire/describe.hpp>

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace signet::observe {
namespace {

using namespace std::chrono_literals;
using transport::shm::topic_publisher;
using transport::shm::topic_subscriber;

struct pose {
    double x, y;
};

struct Inspect : ::testing::Test {
    std::shared_ptr<link::control_plane> plane(link::drive driven_by = link::drive::thread) {
        return std::make_shared<link::control_plane>(
            link::plane_options{.directory = directory.path(), .driven_by = driven_by});
    }

    signet::testing::temporary_directory directory;
};

TEST_F(Inspect, NobodyIsInADirectoryThatDoesNotExist) {
    EXPECT_TRUE(inspect(directory.path() + "/none").processes.empty());
}

TEST_F(Inspect, AContextWithoutEndpointsAnswers) {
    const auto here = plane();
    const snapshot seen = inspect(directory.path());
    ASSERT_EQ(seen.processes.size(), 1u);
    EXPECT_EQ(seen.processes[0].pid, os::current_pid());
    EXPECT_EQ(seen.processes[0].problem, "");
    EXPECT_TRUE(seen.processes[0].endpoints.empty());
}

TEST_F(Inspect, APublisherTellsItsTypeShapeAndCount) {
    topic_publisher robot{plane(), "robot/pose", wire::descriptor_of<pose>(), {.depth = 16}};
    const pose here{1, 2};
    robot.publish_inline(&here, sizeof here, {});
    const snapshot seen = inspect(directory.path());
    ASSERT_EQ(seen.processes.at(0).endpoints.size(), 1u);
    const endpoint& found = seen.processes[0].endpoints[0];
    EXPECT_EQ(found.topic, "robot/pose");
    EXPECT_EQ(found.side, link::role::publisher);
    EXPECT_EQ(found.id, robot.id());
    ASSERT_TRUE(found.type);
    EXPECT_EQ(found.type->layout_hash(), wire::descriptor_of<pose>().layout_hash());
    EXPECT_EQ(found.publishing.depth, 16u);
    EXPECT_EQ(found.publishing.payload_bytes_max, sizeof(pose));
    EXPECT_EQ(found.publishing.published, 1u);
}

TEST_F(Inspect, ASubscriberTellsWhatItReceivedAlsoFromPublishersThatAreGone) {
    const auto here = plane();
    topic_subscriber poses{here, "robot/pose", nullptr, {.policy = transport::delivery::block}};
    {
        topic_publisher robot{here, "robot/pose", wire::descriptor_of<pose>(), {}};
        ASSERT_TRUE(robot.wait_for_subscribers(1, {}));
        const pose there{1, 2};
        robot.publish_inline(&there, sizeof there, {});
    }
    transport::shm::received_message message;
    alignas(8) std::array<std::byte, 256> buffer;
    ASSERT_TRUE(poses.wait_for({}, [&] { return poses.try_open(message, buffer.data()); }));
    while (poses.counts().publishers != 0) poses.try_open(message, buffer.data());
    const snapshot seen = inspect(directory.path());
    ASSERT_EQ(seen.processes.at(0).endpoints.size(), 1u);
    const endpoint& found = seen.processes[0].endpoints[0];
    EXPECT_EQ(found.receiving.received, 1u);
    EXPECT_EQ(found.receiving.publishers, 0u);
    EXPECT_EQ(found.receiving.policy, transport::delivery::block);
    EXPECT_FALSE(found.type);
}

TEST_F(Inspect, OneThatDoesNotAnswerIsListedByTheNamesItPutDown) {
    topic_subscriber poses{plane(link::drive::manual), "robot/pose", nullptr, {}};
    const snapshot seen = inspect(directory.path(), 50ms);
    ASSERT_EQ(seen.processes.size(), 1u);
    EXPECT_NE(seen.processes[0].problem.find("does not answer"), std::string::npos);
    ASSERT_EQ(seen.processes[0].endpoints.size(), 1u);
    EXPECT_EQ(seen.processes[0].endpoints[0].topic, "robot/pose");
    EXPECT_FALSE(seen.processes[0].endpoints[0].answered);
}

/// A context that answers with whatever it is told to.
std::string problem_with_one_that_says(const std::string& path,
                                       const std::vector<std::vector<std::byte>>& frames) {
    const link::rendezvous directory{path};
    auto listener = directory.listen(7);
    std::jthread liar{[&](const std::stop_token& stop) {
        std::optional<os::seqpacket_socket> socket;
        while (!socket && !stop.stop_requested()) socket = listener.try_accept();
        for (const auto& frame : frames) socket->try_send(frame);
        while (!stop.stop_requested()) std::this_thread::yield();
    }};
    const snapshot seen = inspect(path, 5s);
    directory.withdraw(7);
    return seen.processes.at(0).problem;
}

TEST_F(Inspect, GarbageIsToldAsAProblem) {
    const std::vector<std::byte> garbage(100, std::byte{0xc1});
    EXPECT_NE(problem_with_one_that_says(directory.path(), {garbage}), "");
}

TEST_F(Inspect, ReportsThatNeverEndAreToldAsAProblem) {
    const auto report = wire::frame_writer{link::kind::report}.put(link::key::left, 5).take();
    EXPECT_NE(problem_with_one_that_says(directory.path(), {report, report}).find("wrongly"),
              std::string::npos);
}

TEST_F(Inspect, ARefusalIsToldAsAProblem) {
    const auto refusal =
        wire::frame_writer{link::kind::refuse}.put(link::key::reason, "no time").take();
    EXPECT_EQ(problem_with_one_that_says(directory.path(), {refusal}), "no time");
}

TEST_F(Inspect, AnotherVersionIsToldAsAProblem) {
    const auto hello = wire::frame_writer{link::kind::hello}.put(link::key::version, 99).take();
    EXPECT_NE(problem_with_one_that_says(directory.path(), {hello}).find("version 99"),
              std::string::npos);
}

TEST_F(Inspect, NamesOfTheDeadAreRemovedAndCounted) {
    const link::rendezvous place{directory.path()};
    const link::listing dead{link::role::publisher, 9, 1};
    {
        const auto listener = place.listen(9);
        place.enter("robot/pose", dead);
    }
    EXPECT_EQ(inspect(directory.path()).dead_names, 2u);
    EXPECT_TRUE(place.contexts().empty());
    EXPECT_TRUE(place.list("robot/pose").empty());
}

}  // namespace
}  // namespace signet::observe
