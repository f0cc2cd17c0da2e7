// SPDX-License-Identifier: Apache-2.0
// What the alternatives of a variant are called in JSON: by their types, "i32" or "robot::vec", and
// where two of one variant are called the same, by their place as well: "i32#1". Belongs to one
// thread.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <map>
#include <string>
#include <vector>

namespace signet::wire::detail {

class alternatives {
public:
    explicit alternatives(const type_descriptor& descriptor) : descriptor_{descriptor} {}

    /// One name for each alternative of `variant`, a type of the descriptor. Valid as long as this.
    const std::vector<std::string>& names(const type_info& variant);

private:
    const type_descriptor& descriptor_;
    std::map<const type_info*, std::vector<std::string>> known_;
};

}  // namespace signet::wire::detail
