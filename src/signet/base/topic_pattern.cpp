// SPDX-License-Identifier: Apache-2.0
#include <signet/base/topic_pattern.hpp>

#include <signet/base/name.hpp>

namespace signet {
namespace {

/// The first segment of `rest`, taken off it; what is left has no data() where that was the last.
std::string_view take_segment(std::string_view& rest) noexcept {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    return segment;
}

}  // namespace

bool topic_pattern::matches(std::string_view pattern, std::string_view name) noexcept {
    if (pattern.starts_with('*') && name.starts_with(relayed_prefix)) return false;
    while (pattern.data() != nullptr) {
        const std::string_view wanted = take_segment(pattern);
        if (wanted == "**") return true;
        if (name.data() == nullptr) return false;
        const std::string_view found = take_segment(name);
        if (wanted != "*" && wanted != found) return false;
    }
    return name.data() == nullptr;
}

}  // namespace signet
