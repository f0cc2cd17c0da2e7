// SPDX-License-Identifier: Apache-2.0
// Handles of processes: who was killed, and who returned what.
#include <signet/os/child.hpp>
#include <signet/os/process.hpp>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

int main() try {
    using namespace signet::os;
    child sleeper = child::spawn({"sleep", "1000"});
    const auto handle = process::open(sleeper.pid());
    std::cout << (handle->running() ? "it runs\n" : "it has ended\n");
    handle->send_signal(SIGKILL);
    std::cout << "it was " << handle->wait(signet::never)->text() << "\n";
    // the pid may mean another process by now, the handle never does
    std::cout << (handle->send_signal(SIGTERM) ? "sent\n" : "it is gone\n");

    child program = child::spawn({"sh", "-c", "exit 3"});
    std::cout << "it " << program.handle().wait(signet::never)->text() << "\n";
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
