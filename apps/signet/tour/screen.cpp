// SPDX-License-Identifier: Apache-2.0
#include <tour/screen.hpp>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tour {
namespace {

constexpr std::string_view enter = "\033[?1049h\033[?25l";
constexpr std::string_view leave = "\033[?25h\033[?1049l";
constexpr std::string_view home = "\033[H";
constexpr std::string_view erase_right = "\033[K";
constexpr std::string_view erase_below = "\033[J";
constexpr std::string_view plain = "\033[0m";

std::string_view code_of(emphasis look) {
    switch (look) {
        case emphasis::title: return "\033[1m";
        case emphasis::faint: return "\033[2m";
        case emphasis::good: return "\033[32m";
        case emphasis::bad: return "\033[1;31m";
        case emphasis::none: break;
    }
    return "";
}

winsize size_of_window() {
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0) window = {};
    return window;
}

bool can_redraw() {
    const char* const kind = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::string_view{kind} != "dumb";
}

}  // namespace

std::string_view cut(std::string_view text, std::size_t columns) {
    std::size_t at = 0;
    for (std::size_t used = 0; at < text.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
        if (begins && used++ == columns) break;
    }
    return text.substr(0, at);
}

screen::screen(mode wanted)
    : silent_{wanted == mode::silent},
      live_{!silent_ && can_redraw()},
      colours_{live_ && std::getenv("NO_COLOR") == nullptr} {
    if (live_) write(std::string{enter});
}

screen::~screen() {
    settle();
}

void screen::settle() {
    if (!std::exchange(live_, false)) return;
    write(std::string{leave});
}

std::size_t screen::columns() const {
    constexpr std::size_t narrowest = 80;
    return std::max<std::size_t>(size_of_window().ws_col, narrowest);
}

std::size_t screen::rows() const {
    const std::size_t rows = size_of_window().ws_row;
    return rows == 0 ? 24 : rows;
}

void screen::show(const std::vector<line>& picture) {
    if (silent_) return;
    if (!live_) {
        for (const line& one : picture) print(one);
        return;
    }
    std::string all{home};
    const std::size_t window = size_of_window().ws_col;
    const std::size_t width = window == 0 ? columns() : window;
    const std::size_t count = std::min(picture.size(), rows());
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view code = colours_ ? code_of(picture[i].look) : "";
        fmt::format_to(std::back_inserter(all), "{}{}{}{}{}", code, cut(picture[i].text, width),
                       code.empty() ? "" : plain, erase_right, i + 1 < count ? "\r\n" : "");
    }
    all += erase_below;
    write(all);
}

void screen::tell(std::string_view text) {
    if (!silent_ && !live_) print({std::string{text}});
}

void screen::print(const line& one) {
    const std::string_view code = colours_ ? code_of(one.look) : "";
    write(fmt::format("{}{}{}\n", code, one.text, code.empty() ? "" : plain));
}

void screen::write(const std::string& text) {
    const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!whole || std::fflush(stdout) != 0) gone_ = true;
}

}  // namespace tour
