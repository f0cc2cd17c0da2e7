// SPDX-License-Identifier: Apache-2.0
// Prints what a cache line costs now to go to the other cpu and back, in nanoseconds: the mood of
// the machine (bench/limits/mood.hpp).
#include <bench/limits/ping.hpp>

#include <cstdio>
#include <exception>

int main() {
    try {
        return std::printf("%.1f\n", limits::ping()) < 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
