// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/alternatives.hpp>

#include <algorithm>

namespace signet::wire::detail {

const std::vector<std::string>& alternatives::names(const type_info& variant) {
    std::vector<std::string>& names = known_[&variant];
    if (!names.empty()) return names;
    std::vector<std::string> texts;
    for (const field_info& field : variant.fields) {
        texts.push_back(type_text(descriptor_, field.type));
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool is_single = std::count(texts.begin(), texts.end(), texts[i]) == 1;
        names.push_back(is_single ? texts[i] : texts[i] + "#" + std::to_string(i));
    }
    return names;
}

}  // namespace signet::wire::detail
