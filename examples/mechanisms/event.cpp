// SPDX-License-Identifier: Apache-2.0
// A count of work done, which another process adds to, and a semaphore that hands out three places.
#include <signet/os/event.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

namespace {

using signet::os::event;

int places_taken(event& places) {
    int taken = 0;
    while (places.try_take() == 1) ++taken;
    return taken;
}

}  // namespace

int main() try {
    event done;
    event places = event::semaphore(3);
    const pid_t worker = fork();
    if (worker == 0) {
        for (const int pieces : {10, 20, 12}) done.try_add(pieces);
        _exit(EXIT_SUCCESS);
    }
    waitpid(worker, nullptr, 0);
    std::cout << "done: " << done.take(signet::never) << "\n";  // what was added up meanwhile
    std::cout << "places: " << places_taken(places) << "\n";
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
