// SPDX-License-Identifier: Apache-2.0
// Three servers of one name: each client gets one of them, and another one after a death.
#include <signet/error.hpp>
#include <signet/service.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace {

constexpr int servers = 3;

void check(bool well, const char* what) {
    if (!well) throw std::system_error{errno, std::generic_category(), what};
}

void serve(int tell) {
    signet::server desk{"desk", {.name = signet::name_use::shared}};
    desk.handle("who", [] { return getpid(); });
    check(write(tell, "!", 1) == 1, "write");
    desk.serve();
}

// Returns when it serves.
void start_one(const int (&ready)[2]) {
    const pid_t pid = fork();
    check(pid >= 0, "fork");
    if (pid == 0) {
        serve(ready[1]);
        _exit(0);
    }
    char said = 0;
    check(read(ready[0], &said, 1) == 1, "read");
}

// It does no harm if it is called twice, so it is called again whatever became of it.
int whoever_answers(signet::client& desk) {
    try {
        return desk.call<int>("who");
    } catch (const signet::call_error&) {
        return desk.call<int>("who");
    }
}

}  // namespace

int main() try {
    int ready[2];
    check(pipe(ready) == 0, "pipe");
    for (int i = 0; i < servers; ++i) start_one(ready);
    signet::client desk{"desk"};
    for (int left = servers; left > 0; --left) {
        const pid_t who = whoever_answers(desk);
        std::printf("one of %d answers, and is killed\n", left);
        kill(who, SIGKILL);
        waitpid(who, nullptr, 0);
    }
    try {
        whoever_answers(desk);
    } catch (const signet::error&) {
        std::printf("nobody is left\n");
    }
    return 0;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "shared_work: %s\n", problem.what());
    return 1;
}
