// SPDX-License-Identifier: Apache-2.0
// Queues of messages of 64 bytes, ours and those of others, as one measures them: a place is made
// before the processes are forked, and each of these opens it. One process each.
#pragma once

#include <signet/memory/access.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace signet::command {

using queue_message = std::array<std::byte, 64>;

/// How one waits who finds it full, or empty.
enum class queue_waiting { polling, sleeping };

/// Looks until there is something, and gives way to the other cpu between two looks, more so where
/// there is nothing for longer: who looks all the time takes the lines from who writes them.
template <class Look>
void poll_until(Look&& look) {
    constexpr int pauses_max = 32;
    for (int pauses = 1; !look(); pauses = std::min(pauses * 2, pauses_max)) {
        for (int i = 0; i < pauses; ++i) memory::relax_cpu();
    }
}

/// A queue as a process has it open.
class queue_line {
public:
    virtual ~queue_line() = default;
    virtual void push(const queue_message& message) = 0;
    virtual void pop(queue_message& into) = 0;
};

/// A queue that goes with this.
class queue_site {
public:
    virtual ~queue_site() = default;
    virtual std::unique_ptr<queue_line> open(queue_waiting how) = 0;
};

struct queue_rival {
    std::string name;
    std::string called;
    double wanted_polling;
    std::function<std::unique_ptr<queue_site>()> make;
};

std::unique_ptr<queue_site> make_signet_site();

/// Those that are here.
std::vector<queue_rival> queue_rivals();

/// Boost's, where the build has found it.
std::vector<queue_rival> boost_queue_rivals();

}  // namespace signet::command
