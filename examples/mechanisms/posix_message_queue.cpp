// SPDX-License-Identifier: Apache-2.0
// Orders by priority, through a POSIX message queue: the process that gives them is gone before
// they are read.
#include <signet/os/posix_queue.hpp>
#include <signet/os/process.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

namespace {

using signet::os::posix_queue;

void give_orders(const std::string& name) {
    posix_queue queue = posix_queue::open(name);
    for (const std::string_view order : {"turn left", "STOP", "turn right"}) {
        const unsigned priority = order == "STOP" ? 9 : 0;
        queue.send(std::as_bytes(std::span{order}), priority, signet::never);
    }
}

void follow_orders(posix_queue& queue) {
    std::vector<char> text(queue.geometry().message_bytes_max);
    while (const auto message = queue.try_receive(std::as_writable_bytes(std::span{text}))) {
        std::cout << std::string_view{text.data(), message->bytes} << "\n";
    }
}

}  // namespace

int main() try {
    const std::string name = "/orders-" + std::to_string(signet::os::current_pid());
    posix_queue queue = posix_queue::create(name, {.messages_max = 4, .message_bytes_max = 64});
    const pid_t sender = fork();
    if (sender == 0) {
        give_orders(name);
        _exit(EXIT_SUCCESS);
    }
    waitpid(sender, nullptr, 0);
    follow_orders(queue);
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
