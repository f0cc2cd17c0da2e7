// SPDX-License-Identifier: Apache-2.0
#include <signet/os/memory_limits.hpp>

#include <signet/os/descriptor.hpp>
#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace signet::os {
namespace {

constexpr std::size_t text_bytes_max = std::size_t{4}
                                       << 20;  // a host of many mounts has many lines
constexpr std::uint64_t kilobyte = 1024;

/// A file of the kernel, whole; empty where it cannot be read.
std::string read_text(const std::string& path) {
    // EINTR: files that the kernel makes up are opened and read at once.
    const descriptor file{static_cast<int>(
        call_uninterrupted(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0))};
    std::string text;
    if (!file) return text;
    std::array<char, 16384> part;
    while (text.size() < text_bytes_max) {
        const long bytes = call_uninterrupted(SYS_read, file.get(), part.data(), part.size());
        if (bytes <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(bytes));
    }
    return text;
}

/// The number at the start of `text`, behind spaces; none: there is no number, such as "max".
std::optional<std::uint64_t> number_in(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::uint64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc{}) return std::nullopt;
    return number;
}

/// The number on the line of `text` that begins with `key`.
std::optional<std::uint64_t> number_of(const std::string& text, std::string_view key) {
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(key)) return number_in(std::string_view{line}.substr(key.size()));
    }
    return std::nullopt;
}

std::vector<std::string> words_of(const std::string& text, char separator) {
    std::vector<std::string> words;
    std::istringstream all{text};
    for (std::string word; std::getline(all, word, separator);) words.push_back(word);
    return words;
}

bool has_word(const std::string& list, const char* word) {
    const std::vector<std::string> words = words_of(list, ',');
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// A hierarchy of control groups that limits memory, as far as this process sees it.
struct hierarchy {
    bool unified;            ///< version 2
    std::string root;        ///< the group that is mounted
    std::string mounted_at;  ///< where
};

std::optional<hierarchy> hierarchy_of(const std::string& mount) {
    const std::vector<std::string> words = words_of(mount, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 5 || words.end() - dash < 4) return std::nullopt;
    const bool unified = dash[1] == "cgroup2";
    if (!unified && (dash[1] != "cgroup" || !has_word(dash[3], "memory"))) return std::nullopt;
    return hierarchy{unified, words[3], words[4]};
}

/// The group of this process in a hierarchy, as /proc/self/cgroup tells; none: it is in none.
std::optional<std::string> group_in(const hierarchy& of, const std::string& groups) {
    for (const std::string& line : words_of(groups, '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool it = of.unified ? controllers.empty() : has_word(controllers, "memory");
        if (it) return line.substr(second + 1);
    }
    return std::nullopt;
}

/// The group's path below the mount. In a container the group may lie outside of what is mounted;
/// the mount itself is then as near as can be seen.
std::string path_below(const hierarchy& in, const std::string& group) {
    const std::string root = in.root == "/" ? "" : in.root;
    if (!group.starts_with(root) || group.find("/..") != std::string::npos) return "";
    const std::string below = group.substr(root.size());
    return below == "/" || !below.starts_with('/') ? "" : below;
}

/// What a group leaves: its limit, less what it uses and cannot drop. Shared memory is not among
/// the pages of files that it can drop.
std::optional<std::uint64_t> left_in(const hierarchy& in, const std::string& directory) {
    const auto limit =
        number_in(read_text(directory + (in.unified ? "/memory.max" : "/memory.limit_in_bytes")));
    const auto used = number_in(
        read_text(directory + (in.unified ? "/memory.current" : "/memory.usage_in_bytes")));
    if (!limit || !used) return std::nullopt;
    const std::string stat = read_text(directory + "/memory.stat");
    const std::string total = in.unified ? "" : "total_";
    const std::uint64_t cache = number_of(stat, total + "active_file ").value_or(0) +
                                number_of(stat, total + "inactive_file ").value_or(0);
    const std::uint64_t taken = *used - std::min(*used, cache);
    return *limit - std::min(*limit, taken);
}

void lower(memory_limits& limits, std::optional<std::uint64_t> bytes, const std::string& where) {
    if (!bytes || *bytes >= limits.free_bytes) return;
    limits.free_bytes = *bytes;
    limits.free_where = where;
}

void look_at_groups(memory_limits& limits, const std::string& root) {
    const std::string groups = read_text(root + "/proc/self/cgroup");
    for (const std::string& mount : words_of(read_text(root + "/proc/self/mountinfo"), '\n')) {
        const auto found = hierarchy_of(mount);
        const auto group = found ? group_in(*found, groups) : std::nullopt;
        if (!group) continue;
        // A limit holds for all groups below, so each on the path counts.
        for (std::string path = path_below(*found, *group);; path.erase(path.rfind('/'))) {
            const std::string directory = found->mounted_at + path;
            lower(limits, left_in(*found, root + directory), "the control group " + directory);
            if (path.empty()) break;
        }
    }
}

std::uint64_t limit_of(int resource) {
    rlimit limit{};
    const long result = call(SYS_prlimit64, 0, resource, nullptr, &limit);
    if (result < 0 || limit.rlim_cur == RLIM_INFINITY) return memory_limits::unlimited;
    return limit.rlim_cur;
}

std::uint64_t address_bytes_left(const std::string& root) {
    const std::uint64_t limit = limit_of(RLIMIT_AS);
    if (limit == memory_limits::unlimited) return limit;
    const std::uint64_t pages = number_in(read_text(root + "/proc/self/statm")).value_or(0);
    return limit - std::min(limit, pages * getauxval(AT_PAGESZ));
}

}  // namespace

memory_limits current_memory_limits(const std::string& root) {
    memory_limits limits;
    const std::string machine = read_text(root + "/proc/meminfo");
    if (const auto free = number_of(machine, "MemAvailable:")) {
        lower(limits, *free * kilobyte, limits.free_where);
    }
    look_at_groups(limits, root);
    limits.file_bytes_max = limit_of(RLIMIT_FSIZE);
    limits.address_bytes_left = address_bytes_left(root);
    const std::string huge = root + "/sys/kernel/mm/hugepages/hugepages-2048kB/";
    const auto count = [&](const char* file) {
        return number_in(read_text(huge + file)).value_or(0);
    };
    const std::uint64_t free = count("free_hugepages");
    limits.huge_pages_total = count("nr_hugepages");
    limits.huge_pages_free = free - std::min(free, count("resv_hugepages"));
    return limits;
}

}  // namespace signet::os
