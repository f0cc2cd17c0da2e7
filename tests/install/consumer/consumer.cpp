// SPDX-License-Identifier: Apache-2.0
// Somebody else's program: it knows what is installed, and nothing of this tree.
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <cstdio>

int main() {
    signet::subscriber<int> numbers{"installed"};
    signet::publisher<int> source{"installed"};
    source.wait_for_subscribers(1);
    source.publish(42);
    if (const auto number = numbers.receive()) std::printf("received %d\n", *number);
}
