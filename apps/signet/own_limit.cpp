// SPDX-License-Identifier: Apache-2.0
#include "own_limit.hpp"

#include <signet/base/error.hpp>
#include <signet/os/limits.hpp>

namespace signet::command {
namespace {

std::uint64_t inherited = 0;

}  // namespace

void raise_own_limit() try {
    inherited = os::current_descriptor_limits().soft;
    os::raise_descriptor_limit();
} catch (const error&) {
    // Then it makes do with what it has.
}

std::uint64_t inherited_limit() {
    return inherited;
}

}  // namespace signet::command
