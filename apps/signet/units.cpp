// SPDX-License-Identifier: Apache-2.0
#include "units.hpp"

#include <fmt/core.h>

#include <array>

namespace signet::command {
namespace {

/// Three digits; a whole number below a thousand has no fraction.
std::string digits(double value) {
    if (value < 1000 && value == static_cast<double>(static_cast<std::int64_t>(value))) {
        return fmt::format("{:.0f}", value);
    }
    if (value < 10) return fmt::format("{:.2f}", value);
    if (value < 100) return fmt::format("{:.1f}", value);
    return fmt::format("{:.0f}", value);
}

struct scaled {
    double value;
    std::size_t thousands;
};

scaled scale(double value, std::size_t thousands_max) {
    scaled result{value, 0};
    while (result.value >= 999.5 && result.thousands < thousands_max) {
        result.value /= 1000;
        ++result.thousands;
    }
    return result;
}

}  // namespace

std::string count_text(double count) {
    constexpr std::array<const char*, 7> units{"", "k", "M", "G", "T", "P", "E"};
    const scaled s = scale(count, units.size() - 1);
    return digits(s.value) + units.at(s.thousands);
}

std::string bytes_text(double bytes) {
    constexpr std::array<const char*, 7> units{" B", " kB", " MB", " GB", " TB", " PB", " EB"};
    const scaled s = scale(bytes, units.size() - 1);
    return digits(s.value) + units.at(s.thousands);
}

std::string duration_text(std::chrono::nanoseconds time) {
    if (time.count() <= 0) return "0";
    constexpr std::array<const char*, 4> units{" ns", " us", " ms", " s"};
    const auto ns = static_cast<double>(time.count());
    if (time >= std::chrono::hours{1}) return digits(ns / 3.6e12) + " h";
    if (time >= std::chrono::minutes{2}) return digits(ns / 6e10) + " min";
    const scaled s = scale(ns, units.size() - 1);
    return digits(s.value) + units.at(s.thousands);
}

}  // namespace signet::command
