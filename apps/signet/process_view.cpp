// SPDX-License-Identifier: Apache-2.0
#include "process_view.hpp"

#include <signet/os/process.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace signet::command {
namespace {

namespace fs = std::filesystem;

// A context binds its socket as /proc/self/fd/<its directory>/.<context>.
constexpr std::string_view bound_prefix = "/proc/self/fd/";
constexpr std::size_t context_digits = 16;
constexpr std::string_view sockets_folder = "/sockets";

template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
    Number value{};
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string link_at(const std::string& path) {
    std::error_code hidden;
    return fs::read_symlink(path, hidden);
}

std::vector<std::string> names_below(const std::string& path) {
    std::vector<std::string> names;
    std::error_code hidden;
    for (fs::directory_iterator at{path, hidden}, end; !hidden && at != end; at.increment(hidden)) {
        names.push_back(at->path().filename());
    }
    return names;
}

/// Where a socket was bound.
struct bound_socket {
    std::string directory_fd;
    std::uint64_t context;
};

std::optional<bound_socket> context_in(std::string_view path) {
    if (!path.starts_with(bound_prefix)) return std::nullopt;
    path.remove_prefix(bound_prefix.size());
    const std::size_t slash = path.find("/.");
    if (slash == path.npos || path.size() != slash + 2 + context_digits) return std::nullopt;
    const auto context = number_in<std::uint64_t>(path.substr(slash + 2), 16);
    if (!context) return std::nullopt;
    return bound_socket{std::string{path.substr(0, slash)}, *context};
}

/// The sockets of contexts in the network namespace of a process, by inode.
std::map<std::string, bound_socket> sockets_near(const std::string& process) {
    std::map<std::string, bound_socket> sockets;
    std::ifstream table{process + "/net/unix"};
    for (std::string line; std::getline(table, line);) {
        std::istringstream words{line};
        std::string number, references, protocol, flags, type, state, inode, path;
        words >> number >> references >> protocol >> flags >> type >> state >> inode >> path;
        if (const auto bound = context_in(path)) sockets.emplace("socket:[" + inode + "]", *bound);
    }
    return sockets;
}

class search {
public:
    std::vector<found_context> run() {
        for (const std::string& name : names_below("/proc")) {
            if (const auto pid = number_in<int>(name)) look_at(*pid);
        }
        return std::move(found_);
    }

private:
    void look_at(int pid) {
        const std::string process = fmt::format("/proc/{}", pid);
        const auto& sockets = sockets_in_namespace_of(process);
        if (sockets.empty()) return;
        for (const std::string& fd : names_below(process + "/fd")) {
            const auto socket = sockets.find(link_at(process + "/fd/" + fd));
            if (socket != sockets.end()) add(pid, process, socket->second);
        }
    }

    const std::map<std::string, bound_socket>& sockets_in_namespace_of(const std::string& process) {
        const std::string name = link_at(process + "/ns/net");
        const auto [known, fresh] = sockets_.try_emplace(name);
        if (fresh && !name.empty()) known->second = sockets_near(process);
        return known->second;
    }

    void add(int pid, const std::string& process, const bound_socket& socket) {
        std::string directory = link_at(process + "/fd/" + socket.directory_fd);
        if (!directory.ends_with(sockets_folder)) return;
        directory.resize(directory.size() - sockets_folder.size());
        const bool same = link_at(process + "/ns/mnt") == link_at("/proc/self/ns/mnt");
        found_.push_back({socket.context, pid, os::command_name(pid), directory,
                          same ? directory : process + "/root" + directory, same});
    }

    std::map<std::string, std::map<std::string, bound_socket>> sockets_;  // by namespace
    std::vector<found_context> found_;
};

}  // namespace

process_state state_of(int pid) {
    std::ifstream file{fmt::format("/proc/{}/stat", pid)};
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(") ");
    if (name_end == line.npos || name_end + 2 >= line.size()) return process_state::unknown;
    switch (line[name_end + 2]) {
        case 'T': return process_state::stopped;
        case 't': return process_state::traced;
        default: return process_state::runs;
    }
}

std::optional<descriptor_use> descriptor_use_of(int pid) {
    const std::string process = fmt::format("/proc/{}", pid);
    const std::size_t open = names_below(process + "/fd").size();
    std::ifstream limits{process + "/limits"};
    constexpr std::string_view wanted = "Max open files";
    for (std::string line; std::getline(limits, line);) {
        if (!line.starts_with(wanted)) continue;
        std::istringstream words{line.substr(wanted.size())};
        descriptor_use use{.open = open};
        if (open != 0 && words >> use.limit) return use;
    }
    return std::nullopt;
}

std::vector<found_context> contexts_on_this_machine() {
    return search{}.run();
}

}  // namespace signet::command
