// SPDX-License-Identifier: Apache-2.0
#include <tour/proc.hpp>

#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tour {
namespace {

std::uint64_t to_number(std::string_view text, int base = 10) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

/// A process id; 0 where it is none.
int to_pid(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Takes the next word off `text`; empty at its end.
std::string_view take_word(std::string_view& text) {
    const auto begin = std::min(text.find_first_not_of(" \t\n"), text.size());
    const auto end = std::min(text.find_first_of(" \t\n", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return word;
}

void drop_words(std::string_view& text, int count) {
    for (int i = 0; i < count; ++i) take_word(text);
}

std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

/// The number behind `label` at the beginning of a line.
std::uint64_t labelled(std::string_view text, std::string_view label) {
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (!line.starts_with(label)) continue;
        line.remove_prefix(label.size());
        return to_number(take_word(line));
    }
    return 0;
}

std::optional<memory_segment> parse_segment(std::string_view line, std::string_view prefix) {
    const auto name_at = line.find("/memfd:");
    if (name_at == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(name_at + std::string_view{"/memfd:"}.size());
    if (!name.starts_with(prefix)) return std::nullopt;
    const std::string_view range = take_word(line);
    const std::string_view rights = take_word(line);
    drop_words(line, 2);  // offset, device
    const auto dash = std::min(range.find('-'), range.size() - 1);
    const auto begin = to_number(range.substr(0, dash), 16);
    const auto end = to_number(range.substr(dash + 1), 16);
    return memory_segment{to_number(take_word(line)), end - begin,
                          rights.find('w') != std::string_view::npos,
                          std::string{name.substr(0, name.find(' '))}};
}

}  // namespace

machine_memory parse_meminfo(std::string_view text) {
    return {labelled(text, "MemTotal:"), labelled(text, "MemAvailable:"), labelled(text, "Shmem:")};
}

std::uint64_t parse_load_milli(std::string_view text) {
    const std::string_view word = take_word(text);
    double load = 0;
    std::from_chars(word.data(), word.data() + word.size(), load);
    return static_cast<std::uint64_t>(load * 1000 + 0.5);
}

// The command stands in brackets and may itself hold brackets and blanks.
process_stat parse_stat(std::string_view text) {
    process_stat found;
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos) return found;
    found.command = text.substr(open + 1, close - open - 1);
    text.remove_prefix(close + 1);
    const std::string_view state = take_word(text);
    if (!state.empty()) found.state = state[0];
    found.parent = to_pid(take_word(text));
    drop_words(text, 9);  // from the group to the major faults of waited-for children
    found.cpu_ticks = to_number(take_word(text));
    found.cpu_ticks += to_number(take_word(text));
    return found;
}

process_io parse_io(std::string_view text) {
    return {labelled(text, "rchar:"), labelled(text, "wchar:")};
}

process_memory parse_statm(std::string_view text, std::uint64_t page_bytes) {
    drop_words(text, 1);
    const std::uint64_t resident = to_number(take_word(text));
    return {resident * page_bytes, to_number(take_word(text)) * page_bytes};
}

std::vector<memory_segment> parse_segments(std::string_view maps, std::string_view prefix) {
    std::vector<memory_segment> found;
    while (!maps.empty()) {
        if (auto segment = parse_segment(take_line(maps), prefix)) found.push_back(*segment);
    }
    return found;
}

std::optional<std::string> read_proc(const std::string& path) {
    const signet::os::descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return std::nullopt;
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0) return std::nullopt;  // it ended meanwhile; reads of /proc are not interrupted
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::string proc_path(int pid, std::string_view what) {
    return fmt::format("/proc/{}/{}", pid, what);
}

std::vector<int> list_processes() {
    std::vector<int> pids;
    for (const std::string& name : signet::os::directory::open("/proc").list()) {
        if (const int pid = to_pid(name); pid > 0) pids.push_back(pid);
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

}  // namespace tour
