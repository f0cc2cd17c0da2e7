// SPDX-License-Identifier: Apache-2.0
// Rows and columns as aligned lines of text; where the window is narrow, the columns that matter
// least are left out. Values; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace signet::command {

struct table_column {
    enum class alignment { left, right };

    std::string heading;
    alignment aligned = alignment::left;
    int rank = 0;  ///< what is left out first has the highest; 0 stays
};

class text_table {
public:
    explicit text_table(std::vector<table_column> columns) : columns_{std::move(columns)} {}

    /// A row has a cell for each column.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

    /// The headings, then each row. Columns are left out until the lines have at most `width`
    /// characters; the last column may be as long as it likes.
    std::vector<std::string> lines(std::size_t width = ~std::size_t{0}) const;

private:
    std::vector<std::size_t> widths() const;
    std::vector<std::size_t> shown(const std::vector<std::size_t>& widths, std::size_t limit) const;

    std::vector<table_column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// How many characters UTF-8 text has.
std::size_t characters(const std::string& text);

}  // namespace signet::command
