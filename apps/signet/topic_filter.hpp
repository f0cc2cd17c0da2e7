// SPDX-License-Identifier: Apache-2.0
// Which topics the user asked for. A plain value; any thread.
#pragma once

#include <signet/base/name.hpp>
#include <signet/base/topic_pattern.hpp>

#include <string>

namespace signet::command {

class topic_filter {
public:
    /// Empty: all. Throws `error` (bad_name).
    explicit topic_filter(const std::string& asked)
        : asked_{asked.empty() ? "" : parse_pattern(asked).name} {}

    /// Both may be patterns: a subscriber's of its own, and what was asked for.
    bool takes(const std::string& topic) const {
        return asked_.empty() || topic_pattern::matches(asked_, topic) ||
               topic_pattern::matches(topic, asked_);
    }
    const std::string& text() const noexcept { return asked_; }

private:
    std::string asked_;
};

}  // namespace signet::command
