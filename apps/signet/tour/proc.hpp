// SPDX-License-Identifier: Apache-2.0
// What the kernel tells in /proc about the machine and its processes. The parse functions take the
// text of a file and are lenient: what is missing or odd is zero. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tour {

struct machine_memory {
    std::uint64_t total_kib = 0;
    std::uint64_t available_kib = 0;
    std::uint64_t shared_kib = 0;
};

struct process_stat {
    std::string command;
    char state = '?';  ///< R running, S asleep, D in the kernel, T stopped, Z ended
    int parent = 0;
    std::uint64_t cpu_ticks = 0;  ///< user and kernel, see sysconf(_SC_CLK_TCK)
};

struct process_io {
    std::uint64_t read_bytes = 0;  ///< by read(2) and the like, from wherever
    std::uint64_t written_bytes = 0;
};

struct process_memory {
    std::uint64_t resident_bytes = 0;
    std::uint64_t shared_bytes = 0;  ///< of these, files and shared memory
};

/// A mapping of anonymous shared memory.
struct memory_segment {
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    bool writable = false;
    std::string name;  ///< as its creator called it

    friend bool operator==(const memory_segment&, const memory_segment&) = default;
};

machine_memory parse_meminfo(std::string_view text);
std::uint64_t parse_load_milli(std::string_view text);
process_stat parse_stat(std::string_view text);
process_io parse_io(std::string_view text);
process_memory parse_statm(std::string_view text, std::uint64_t page_bytes);

/// The lines of a maps file that are memory files whose name begins with `prefix`.
std::vector<memory_segment> parse_segments(std::string_view maps, std::string_view prefix);

/// The whole text of a file of /proc; none where it is gone or not for us.
std::optional<std::string> read_proc(const std::string& path);

/// `/proc/<pid>/<what>`.
std::string proc_path(int pid, std::string_view what);

/// All processes that are visible, in ascending order.
std::vector<int> list_processes();

}  // namespace tour
