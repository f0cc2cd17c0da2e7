// SPDX-License-Identifier: Apache-2.0
// Two processes and a large message: written once, in shared memory, and read there.
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdint>
#include <cstdio>

struct frame {
    std::uint32_t number;
    std::array<std::uint8_t, 640 * 480> pixels;
};

constexpr std::uint32_t frames = 3;

int camera() {
    signet::publisher<frame> video{"camera/front"};
    video.wait_for_subscribers(1);
    for (std::uint32_t number = 0; number < frames; ++number) {
        auto next = video.loan();
        next->number = number;
        next->pixels.fill(static_cast<std::uint8_t>(number));
        video.publish(std::move(next));
    }
    return 0;
}

int viewer() {
    signet::subscriber<frame> video{"camera/front", {.policy = signet::delivery::block}};
    for (const auto& frame : video) {
        std::printf("frame %u, last pixel %u\n", frame->number, frame->pixels.back());
        if (frame->number == frames - 1) break;
    }
    return 0;
}

int main() try {
    if (fork() == 0) _exit(camera());
    const int result = viewer();
    wait(nullptr);
    return result;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "frames: %s\n", problem.what());
    return 1;
}
