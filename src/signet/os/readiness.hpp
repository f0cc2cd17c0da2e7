// SPDX-License-Identifier: Apache-2.0
// What a descriptor is waited for.
#pragma once

namespace signet::os {

enum class readiness { readable, writable };

}  // namespace signet::os
