// SPDX-License-Identifier: Apache-2.0
// In place of bench_queue_boost.cpp, where the build has not found Boost.
#include "bench_queue_lines.hpp"

namespace signet::command {

std::vector<queue_rival> boost_queue_rivals() {
    return {};
}

}  // namespace signet::command
