// SPDX-License-Identifier: Apache-2.0
// Messages of strings, vectors, maps and optionals, and a program that was built before the newest
// field: an optional field may come or go, and both sides still understand each other.
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

struct point {
    double x, y;
};

struct report {
    std::string robot;
    std::vector<point> path;
    std::map<std::string, double> volts;
    std::optional<std::string> warning;  // new
};

namespace last_year {  // the same struct, as a program has it that nobody has built again

struct report {
    std::string robot;
    std::vector<point> path;
    std::map<std::string, double> volts;
};

}  // namespace last_year

int main() try {
    signet::subscriber<report> display{"robot/report"};  // all usually in processes of their own
    signet::subscriber<last_year::report> recorder{"robot/report"};
    signet::publisher<report> robot{"robot/report"};
    robot.wait_for_subscribers(2);

    robot.publish({.robot = "anna",
                   .path = {{0, 0}, {1, 0.5}, {2, 2}},
                   .volts = {{"arm", 11.8}, {"drive", 24.1}},
                   .warning = "the arm is low"});

    if (auto report = display.receive()) {
        std::printf("%s: arm %g V, %s\n", report->robot.c_str(), report->volts.at("arm"),
                    report->warning.value_or("all well").c_str());
    }
    if (auto report = recorder.receive()) {
        std::printf("%s: %zu points, ended at %g, %g\n", report->robot.c_str(), report->path.size(),
                    report->path.back().x, report->path.back().y);
    }
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "dynamic: %s\n", problem.what());
    return 1;
}
