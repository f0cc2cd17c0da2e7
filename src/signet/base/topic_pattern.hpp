// SPDX-License-Identifier: Apache-2.0
// What a subscriber listens to: one topic, or all topics whose names a pattern stands for.
//
//     robot/pose     that topic
//     robot/*/pose   robot/left/pose, robot/right/pose; '*' is exactly one segment
//     robot/**       robot, robot/pose, robot/arm/left; '**' is all further segments, also none
//     **             every topic
//
// A plain value; any thread.
#pragma once

#include <signet/base/name.hpp>

#include <string>
#include <string_view>

namespace signet {

class topic_pattern {
public:
    /// Throws `error` (bad_name) as parse_pattern does.
    explicit topic_pattern(std::string_view text) : text_{parse_pattern(text).name} {}

    /// Whether it stands for more than the topic of its own name.
    bool wild() const noexcept { return is_wild(text_); }

    bool matches(std::string_view name) const noexcept { return matches(text_, name); }

    /// Without scheme. Valid as long as this.
    const std::string& text() const noexcept { return text_; }

    /// The same for a pattern that was checked before.
    static bool matches(std::string_view pattern, std::string_view name) noexcept;

private:
    std::string text_;
};

}  // namespace signet
