// SPDX-License-Identifier: Apache-2.0
// The network interfaces of this network namespace, by name and by number. Any thread.
#pragma once

#include <string>

namespace signet::os {

/// The number of the interface called `name`, such as "lo". Throws `error` where there is none.
unsigned interface_index(const std::string& name);

/// The name of interface `index`. Throws `error` where there is none.
std::string interface_name(unsigned index);

}  // namespace signet::os
