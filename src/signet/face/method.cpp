// SPDX-License-Identifier: Apache-2.0
#include <signet/face/method.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

namespace signet::face {

void require_names(std::string_view method, std::size_t arguments,
                   const std::vector<std::string>& parameters) {
    const std::string what = "handle '" + std::string{method} + "': ";
    if (!parameters.empty() && parameters.size() != arguments) {
        throw contract_violation{what + "it takes " + std::to_string(arguments) +
                                 " arguments, and there are names for " +
                                 std::to_string(parameters.size())};
    }
    std::vector<std::string> sorted = parameters;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
        throw contract_violation{what + "two of its arguments have one name"};
    }
}

}  // namespace signet::face
