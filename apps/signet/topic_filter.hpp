// SPDX-License-Identifier: Apache-2.0
// Which topics the user asked for. A plain value; any thread.
#pragma once

#include <signet/base/name.hpp>

#include <string>
#include <string_view>

namespace signet::command {

class topic_filter {
public:
    /// Empty: all. Throws `error` (bad_name).
    explicit topic_filter(const std::string& asked)
        : asked_{asked.empty() ? "" : parse_address(asked).name} {}

    bool takes(std::string_view topic) const { return asked_.empty() || asked_ == topic; }
    const std::string& text() const noexcept { return asked_; }

private:
    std::string asked_;
};

}  // namespace signet::command
