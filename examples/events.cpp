// SPDX-License-Identifier: Apache-2.0
// A publisher is killed. Its subscriber receives what was committed, and is told of the death.
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>

struct reading {
    int value;
};

void sensor() {
    signet::publisher<reading> readings{"plant/level"};
    readings.wait_for_subscribers(1);
    for (int value = 1; value <= 3; ++value) readings.publish({value});
    std::raise(SIGKILL);
}

int main() try {
    if (fork() == 0) sensor();
    signet::subscriber<reading> readings{"plant/level"};
    for (int i = 0; i < 3; ++i) {
        if (auto reading = readings.receive()) std::printf("received %d\n", reading->value);
    }
    for (bool died = false; !died; readings.receive_for(std::chrono::milliseconds{1})) {
        while (auto event = readings.try_event()) {
            died = event->what == signet::topic_event::kind::died;
            std::printf("%s\n", died ? "the publisher died" : "a publisher joined");
        }
    }
    wait(nullptr);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "events: %s\n", problem.what());
    return 1;
}
