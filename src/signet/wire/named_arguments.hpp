// SPDX-License-Identifier: Apache-2.0
// From arguments with names to arguments in a row. What is read may come from a hostile peer. A
// pure function; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::wire {

struct argument_row {
    std::size_t count = 0;
    std::vector<std::byte> values{};  ///< so many of MessagePack
    std::string complaint{};          ///< where they are none: what is wrong with the names
};

/// `named` is a map of MessagePack whose keys are texts. One that is missing is nil where others
/// follow it, else it is left out.
argument_row place_arguments(std::span<const std::byte> named,
                             const std::vector<std::string>& names);

}  // namespace signet::wire
