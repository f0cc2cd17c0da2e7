// SPDX-License-Identifier: Apache-2.0
#include "text_table.hpp"

#include <algorithm>
#include <numeric>

namespace signet::command {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t last_least = 12;  // characters the last column should have at least

std::string padded(const std::string& text, std::size_t width, table_column::alignment aligned) {
    const std::string space(width - std::min(width, characters(text)), ' ');
    return aligned == table_column::alignment::left ? text + space : space + text;
}

}  // namespace

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    }));
}

std::vector<std::size_t> text_table::widths() const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = characters(columns_[i].heading);
        for (const auto& row : rows_) widest = std::max(widest, characters(row[i]));
        all.push_back(widest);
    }
    all.back() = std::min(all.back(), last_least);
    return all;
}

std::vector<std::size_t> text_table::shown(const std::vector<std::size_t>& widths,
                                           std::size_t limit) const {
    std::vector<std::size_t> kept(columns_.size());
    std::iota(kept.begin(), kept.end(), std::size_t{0});
    const auto by_rank = [&](std::size_t a, std::size_t b) {
        return columns_[a].rank < columns_[b].rank;
    };
    for (;;) {
        std::size_t sum = 0;
        for (const std::size_t i : kept) sum += widths[i] + gap;
        const auto least = std::max_element(kept.begin(), kept.end(), by_rank);
        if (sum <= limit + gap || columns_[*least].rank == 0) return kept;
        kept.erase(least);
    }
}

std::vector<std::string> text_table::lines(std::size_t width) const {
    const std::vector<std::size_t> wide = widths();
    const std::size_t limit = std::min(width, ~std::size_t{0} - gap);
    const std::vector<std::size_t> kept = shown(wide, limit);
    const auto line_of = [&](auto&& cell) {
        std::string line;
        for (const std::size_t i : kept) {
            const bool last = i == kept.back();
            line += last ? cell(i) : padded(cell(i), wide[i], columns_[i].aligned) + "  ";
        }
        return line;
    };
    std::vector<std::string> all{line_of([&](std::size_t i) { return columns_[i].heading; })};
    for (const auto& row : rows_) all.push_back(line_of([&](std::size_t i) { return row[i]; }));
    return all;
}

}  // namespace signet::command
