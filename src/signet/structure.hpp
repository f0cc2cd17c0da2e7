// SPDX-License-Identifier: Apache-2.0
// Data structures that grow, in a region: containers that processes share without copying them.
// sync/structure.hpp tells how.
#pragma once

#include <signet/region.hpp>
#include <signet/sync/structure.hpp>

namespace signet {

using sync::offset_ptr;
using sync::region_allocator;
using sync::structure;

}  // namespace signet
