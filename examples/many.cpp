// SPDX-License-Identifier: Apache-2.0
// One thread waits for two topics and a timer together.
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/wait_set.hpp>

#include <chrono>
#include <cstdio>

struct pose {
    double x, y;
};

struct command {
    int speed;
};

int main() try {
    signet::subscriber<pose> poses{"robot/pose"};
    signet::subscriber<command> commands{"robot/command"};
    signet::publisher<pose> robot{"robot/pose"};  // usually in other processes
    signet::publisher<command> pilot{"robot/command"};
    robot.wait_for_subscribers(1);
    pilot.wait_for_subscribers(1);

    signet::wait_set set;
    const auto pose_key = set.add(poses);
    const auto command_key = set.add(commands);
    const auto tick = set.add_timer(std::chrono::milliseconds{10});
    int sent = 0, positions = 0, orders = 0;
    while (positions < 3 || orders < 3) {
        for (const auto key : set.wait()) {
            if (key == tick && sent < 3) {
                robot.publish({.x = 1.0 * sent, .y = 2.0});
                pilot.publish({.speed = 10 * sent});
                ++sent;
            } else if (key == pose_key) {
                while (poses.try_receive()) ++positions;
            } else if (key == command_key) {
                while (commands.try_receive()) ++orders;
            }
        }
    }
    std::printf("%d positions, %d orders\n", positions, orders);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "many: %s\n", problem.what());
    return 1;
}
