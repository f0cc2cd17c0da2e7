// SPDX-License-Identifier: Apache-2.0
// Two processes greet each other by real-time signals, each with a number.
#include <signet/os/process.hpp>
#include <signet/os/signal.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>

namespace {

using signet::os::process;
using signet::os::signal_queue;

const int greeting = signet::os::real_time_signal(0);

// By handles, which never come to mean another process.
void answer_twice(signal_queue& signals) {
    for (int i = 0; i < 2; ++i) {
        const auto question = signals.receive(signet::never);
        const auto sender = process::open(question->pid);
        if (sender) sender->queue_signal(greeting, question->value * 2);
    }
}

}  // namespace

int main() try {
    signal_queue signals{std::array{greeting}};  // blocked from here on, in the child as well
    const pid_t pid = fork();
    if (pid == 0) {
        answer_twice(signals);
        _exit(EXIT_SUCCESS);
    }
    const auto child = process::open(pid);
    for (const std::uint64_t number : {21, 50}) child->queue_signal(greeting, number);
    for (int i = 0; i < 2; ++i) {
        const auto answer = signals.receive(signet::never);
        std::cout << (answer->pid == pid ? "the child" : "somebody") << " says " << answer->value
                  << "\n";
    }
    waitpid(pid, nullptr, 0);
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
