// SPDX-License-Identifier: Apache-2.0
// Requests and answers through one System V message queue: the type of a message says whom it is
// for.
#include <signet/os/sysv_queue.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace {

using signet::os::sysv_outcome;
using signet::os::sysv_queue;
using signet::os::sysv_types;

constexpr long for_the_server = 1;

// Until the queue is removed.
void serve(int id) {
    sysv_queue queue = sysv_queue::open_id(id);
    long client = 0;
    const auto buffer = std::as_writable_bytes(std::span{&client, 1});
    const sysv_types requests = sysv_types::exactly(for_the_server);
    while (queue.receive(requests, buffer, signet::never).outcome == sysv_outcome::done) {
        const std::string answer = "hello, client " + std::to_string(client);
        queue.send(client, std::as_bytes(std::span{answer}));
    }
}

std::string ask(sysv_queue& queue, long client) {
    queue.send(for_the_server, std::as_bytes(std::span{&client, 1}));
    std::string answer(64, '\0');
    const auto buffer = std::as_writable_bytes(std::span{answer});
    const auto message = queue.receive(sysv_types::exactly(client), buffer, signet::never);
    return answer.substr(0, message.bytes);
}

}  // namespace

int main() try {
    sysv_queue queue = sysv_queue::create_private();
    const pid_t server = fork();
    if (server == 0) {
        serve(queue.id());
        _exit(EXIT_SUCCESS);
    }
    std::cout << ask(queue, 10) << "\n" << ask(queue, 20) << "\n";
    queue.remove();
    waitpid(server, nullptr, 0);
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
