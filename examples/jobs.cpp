// SPDX-License-Identifier: Apache-2.0
// Work that is never lost: one process pushes jobs and ends; another one pops them, and is killed
// in the middle of one; a third one does the rest. Nothing is lost, and nothing needs cleaning.
#include <signet/queue.hpp>

#include <csignal>
#include <cstdio>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

struct job {
    int number;
    std::string what;
};

void produce() {
    signet::queue<job> jobs{"example/jobs"};
    jobs.push({1, "resize"});
    jobs.push({2, "rotate"});
    jobs.push({3, "upload"});
}

void consume_and_die() {
    signet::queue<job> jobs{"example/jobs"};
    auto first = jobs.pop();
    first.ack();
    const auto second = jobs.pop();
    raise(SIGKILL);  // "rotate" was not acknowledged
}

void do_the_rest() {
    signet::queue<job> jobs{"example/jobs"};
    while (auto message = jobs.try_pop()) {
        std::printf("%d %s, delivery %u\n", message->number, message->what.c_str(),
                    message.deliveries());
        message.ack();
    }
}

/// Runs it in a process of its own.
void run(void (*what)()) {
    const pid_t child = fork();
    if (child == 0) {
        what();
        std::fflush(stdout);
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

int main() {
    run(produce);
    run(consume_and_die);
    run(do_the_rest);
    signet::queue<job>::remove("example/jobs");
}
