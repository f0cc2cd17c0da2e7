// SPDX-License-Identifier: Apache-2.0
#include <tour/sequence.hpp>

namespace tour {

std::uint64_t sequence_checker::note(std::uint64_t publisher, std::uint64_t number) {
    const auto [known, first] = next_.try_emplace(publisher, number);
    std::uint64_t& next = known->second;
    if (number < next) {
        ++repeated_;
        return 0;
    }
    const std::uint64_t gap = number - next;
    missing_ += gap;
    next = number + 1;
    return gap;
}

std::uint64_t sequence_checker::through(std::uint64_t publisher) const {
    const auto known = next_.find(publisher);
    return known == next_.end() ? 0 : known->second;
}

}  // namespace tour
