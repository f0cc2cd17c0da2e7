// SPDX-License-Identifier: Apache-2.0
// A program that `exec:` starts for the conformance suite: it hands the pipes it was given to the
// test that listens at the address in its arguments, which is the other end then, and ends.
#include <signet/channel.hpp>

#include <array>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) try {
    if (argc != 2) return 2;
    signet::raw_channel test{argv[1]};
    constexpr std::array standard_input_and_output{0, 1};
    return test.send_with({}, standard_input_and_output) && test.flush() ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "channel_actor: %s\n", e.what());
    return 1;
}
