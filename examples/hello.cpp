// SPDX-License-Identifier: Apache-2.0
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <cstdio>

struct pose {
    double x, y, heading;
};

int main() {
    signet::subscriber<pose> poses{"robot/pose"};  // usually in another process
    signet::publisher<pose> robot{"robot/pose"};
    robot.wait_for_subscribers(1);
    robot.publish({.x = 1.5, .y = 2.0, .heading = 0.25});
    if (auto pose = poses.receive()) std::printf("x = %g, y = %g\n", pose->x, pose->y);
}
