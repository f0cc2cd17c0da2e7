// SPDX-License-Identifier: Apache-2.0
// A conversation of two processes: questions one way, answers the other. The address says who
// carries it, here a unix socket; with another address the rest stays as it is.
#include <signet/channel.hpp>
#include <signet/listener.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

struct question {
    int number;
};

struct answer {
    std::string text;
    std::vector<int> divisors;
};

constexpr const char* where = "unix://@signet-example-conversation";

answer think_about(const question& asked) {
    answer found{std::to_string(asked.number), {}};
    for (int i = 1; i <= asked.number; ++i) {
        if (asked.number % i == 0) found.divisors.push_back(i);
    }
    return found;
}

int ask() {
    signet::channel<question, answer> line{where};
    for (const int number : {12, 13}) {
        line.send({number});
        const auto got = line.receive();
        std::printf("%s has %zu divisors\n", got->text.c_str(), got->divisors.size());
    }
    std::fflush(stdout);
    return 0;  // the line closes in good order
}

int main() try {
    signet::listener<answer, question> door{where};
    const pid_t client = fork();
    if (client == 0) _exit(ask());
    auto line = door.accept();
    while (const auto asked = line->receive()) line->send(think_about(*asked));
    waitpid(client, nullptr, 0);
    std::puts("the other end has closed");
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
