// SPDX-License-Identifier: Apache-2.0
// Where a tour is shown. On a terminal it is one picture that is drawn over again, on the
// terminal's second screen, which is left in any orderly end; elsewhere it is plain lines. One
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tour {

enum class emphasis { none, title, faint, good, bad };

struct line {
    std::string text;
    emphasis look = emphasis::none;
};

class screen {
public:
    enum class mode { automatic, silent };

    explicit screen(mode wanted);
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;
    ~screen();

    /// Whether pictures replace each other.
    bool live() const noexcept { return live_; }

    /// Whether nobody reads what is shown any more.
    bool gone() const noexcept { return gone_; }

    /// Shows a picture: in the place of the one before, or below it.
    void show(const std::vector<line>& picture);

    /// Something happened: a line of its own, where pictures do not replace each other.
    void tell(std::string_view text);

    /// Leaves the second screen. What is shown from now on stays.
    void settle();

    std::size_t columns() const;
    std::size_t rows() const;

private:
    void print(const line& one);
    void write(const std::string& text);

    bool silent_;
    bool live_;
    bool colours_;
    bool gone_ = false;
};

/// The first `columns` characters of UTF-8 text.
std::string_view cut(std::string_view text, std::size_t columns);

}  // namespace tour
