// SPDX-License-Identifier: Apache-2.0
#include "edit_distance.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace signet::command {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Row i holds the distances of the first i letters of `a` to each beginning of `b`.
    std::vector<std::vector<std::size_t>> rows(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        rows[i][0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
            const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (exchanged) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows.back().back();
}

bool may_mean(std::string_view asked, std::string_view name) {
    constexpr std::size_t short_name = 6;
    const std::size_t letters =
        asked.size() < short_name ? 1 : std::max<std::size_t>(2, asked.size() / 5);
    const std::size_t longer = std::max(asked.size(), name.size());
    const std::size_t shorter = std::min(asked.size(), name.size());
    if (asked == name || longer - shorter > letters) return false;  // however long they are
    return edit_distance(asked, name) <= letters;
}

}  // namespace signet::command
