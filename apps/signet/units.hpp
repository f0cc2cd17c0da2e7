// SPDX-License-Identifier: Apache-2.0
// Quantities as people read them: three digits and a unit. Pure functions; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace signet::command {

/// "0", "7.5", "980", "12.3k", "1.02M".
std::string count_text(double count);

/// "0 B", "980 B", "12.3 kB", "1.02 GB".
std::string bytes_text(double bytes);

/// "0", "980 ns", "12.3 us", "4.00 s", "2.5 h".
std::string duration_text(std::chrono::nanoseconds time);

}  // namespace signet::command
