// SPDX-License-Identifier: Apache-2.0
#include <tour/leftovers.hpp>

#include <signet/link/rendezvous.hpp>
#include <signet/os/directory.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <tour/messages.hpp>
#include <tour/proc.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <map>

namespace tour {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::string_view segment_prefix = "signet-";
constexpr std::string_view ring_name = "signet-topic";  // one process may write it: its publisher

std::vector<memory_segment> segments_of(int pid) {
    const auto maps = read_proc(proc_path(pid, "maps"));
    return maps ? parse_segments(*maps, segment_prefix) : std::vector<memory_segment>{};
}

/// The memory files that a process holds open, whether or not they are mapped.
std::map<std::uint64_t, std::uint64_t> open_memory(int pid) {
    std::map<std::uint64_t, std::uint64_t> found;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator{proc_path(pid, "fd"), problem}) {
        const std::string target = fs::read_symlink(entry.path(), problem).native();
        struct stat facts{};
        if (!target.starts_with("/memfd:signet-")) continue;
        if (::stat(entry.path().c_str(), &facts) != 0) continue;
        found[facts.st_ino] = static_cast<std::uint64_t>(facts.st_blocks) * 512;
    }
    return found;
}

/// A ring as all who map it see it.
struct ring_use {
    std::uint64_t bytes = 0;
    bool has_writer = false;
};

template <class Endpoint>
void appear(const signet::context& in, const std::string& topic) {
    const Endpoint briefly{in, topic};
}

template <class T>
void visit_topic(const signet::context& in, const std::string& tour, std::string_view what) {
    appear<signet::subscriber<T>>(in, topic_of(tour, what));
    appear<signet::publisher<T>>(in, topic_of(tour, what));
}

void visit_all(const std::string& directory, const std::string& tour) {
    const signet::context fresh{{.directory = directory}};
    visit_topic<telemetry>(fresh, tour, "telemetry");
    visit_topic<chunk>(fresh, tour, "files");
    visit_topic<file_hash>(fresh, tour, "hashes");
    visit_topic<role_stats>(fresh, tour, "stats");
}

std::size_t dead_sockets(const std::string& directory) {
    const auto sockets = signet::os::directory::open(directory + "/sockets");
    std::size_t dead = 0;
    for (const std::string& name : sockets.list()) {
        using signet::os::seqpacket_socket;
        if (!seqpacket_socket::connect(sockets, name, signet::after(100ms))) ++dead;
    }
    return dead;
}

names_left visit_and_count(const std::string& directory, const std::string& tour) {
    visit_all(directory, tour);
    names_left left;
    for (const std::string& topic : signet::link::rendezvous{directory}.topics()) {
        if (topic.starts_with("tour-" + tour + '/')) ++left.topics;
    }
    left.sockets = dead_sockets(directory);
    return left;
}

}  // namespace

std::uint64_t memory_watch::look(std::span<const int> pids) {
    std::map<std::uint64_t, ring_use> rings;
    for (const int pid : pids) {
        for (const memory_segment& part : segments_of(pid)) {
            seen_.insert(part.inode);
            if (part.name != ring_name) continue;
            ring_use& use = rings[part.inode];
            use.bytes = part.bytes;
            use.has_writer |= part.writable;
        }
    }
    std::uint64_t orphaned = 0;
    for (const auto& [inode, use] : rings) orphaned += use.has_writer ? 0 : use.bytes;
    return orphaned;
}

std::uint64_t memory_watch::left_behind() const {
    std::map<std::uint64_t, std::uint64_t> left;
    for (const int pid : list_processes()) {
        for (const memory_segment& part : segments_of(pid)) {
            if (seen_.contains(part.inode)) left[part.inode] = part.bytes;
        }
        for (const auto& [inode, bytes] : open_memory(pid)) {
            if (seen_.contains(inode)) left.emplace(inode, bytes);
        }
    }
    std::uint64_t bytes = 0;
    for (const auto& [inode, size] : left) bytes += size;
    return bytes;
}

// Others who use the directory may die, or be starting, just when it is counted.
names_left names_after_fresh_start(const std::string& directory, const std::string& tour) {
    names_left left = visit_and_count(directory, tour);
    for (int tries = 2; tries != 0 && left.sockets != 0; --tries) {
        left = visit_and_count(directory, tour);
    }
    return left;
}

}  // namespace tour
