// SPDX-License-Identifier: Apache-2.0
// A quick look at what this machine could do at best. Forks, so call it before there are threads.
// Throws what the measurements throw.
#pragma once

#include <tour/picture.hpp>

namespace tour {

/// In about a tenth of a second.
machine_limits measure_limits();

}  // namespace tour
