// SPDX-License-Identifier: Apache-2.0
// Five beats, a millisecond apart, and none is lost if we look too late.
#include <signet/os/timer.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>

int main() try {
    using namespace std::chrono_literals;
    signet::os::timer beat;
    const auto start = signet::clock::now();
    beat.start_every(1ms);
    std::uint64_t beats = 0;
    while (beats < 5) beats += beat.wait(signet::never);
    const bool in_time = signet::clock::now() - start >= 5ms;
    std::cout << (in_time ? "five beats, five milliseconds" : "too early") << "\n";

    beat.cancel();
    std::cout << "then " << beat.wait(signet::after(3ms)) << "\n";
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
