// SPDX-License-Identifier: Apache-2.0
// A display that starts late: by one pattern it takes the newest pose of every robot there is.
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <cstdio>
#include <map>
#include <string>

struct pose {
    double x, y;
};

int main() try {
    signet::publisher<pose> anna{"robot/anna/pose", {.history = 1}};  // usually in other processes
    signet::publisher<pose> bert{"robot/bert/pose", {.history = 1}};
    for (int i = 1; i <= 3; ++i) {
        anna.publish({.x = 1.0 * i, .y = 0});
        bert.publish({.x = 0, .y = 2.0 * i});
    }

    signet::subscriber<pose> poses{"robot/*/pose",
                                   {.policy = signet::delivery::latest, .history = 1}};
    std::map<std::string, pose> seen;
    while (seen.size() < 2) {
        if (auto pose = poses.receive()) seen[std::string{pose.topic()}] = *pose;
    }
    for (const auto& [topic, at] : seen) std::printf("%s: %g, %g\n", topic.c_str(), at.x, at.y);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "display: %s\n", problem.what());
    return 1;
}
