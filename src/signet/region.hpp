// SPDX-License-Identifier: Apache-2.0
// Shared memory with a name, in which processes keep what they coordinate by. What a region is and
// what may go wrong: sync/region.hpp.
#pragma once

#include <signet/sync/region.hpp>

namespace signet {

using sync::region;
using sync::region_account;
using sync::region_options;

}  // namespace signet
