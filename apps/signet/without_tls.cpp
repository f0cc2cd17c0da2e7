// SPDX-License-Identifier: Apache-2.0
// What stands for all that knows of TLS, where that is not built.
#include "bench_tls.hpp"
#include "cat_tls.hpp"

namespace signet::command {

std::function<void()> add_tls_options(command_line) {
    return [] {};
}

bool become_somebody_over_tls() {
    return false;
}

}  // namespace signet::command
