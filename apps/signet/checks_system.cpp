// SPDX-License-Identifier: Apache-2.0
#include "checks.hpp"
#include "own_limit.hpp"

#include <signet/base/error.hpp>
#include <signet/os/cpu.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/limits.hpp>
#include <signet/os/mapping.hpp>
#include <signet/os/membarrier.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/process.hpp>

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>

namespace signet::command {
namespace {

constexpr std::uint64_t descriptors_few = 256;
constexpr std::uint64_t segment_tried = std::uint64_t{1} << 30;  // sparse: costs nothing
constexpr std::uintmax_t space_little = std::uintmax_t{1} << 20;
constexpr unsigned others_mask = 0077;

/// Runs a check; what it throws is a problem.
template <class Check>
finding tried(const char* name, const char* advice, Check&& check) try {
    return check();
} catch (const std::exception& e) {
    return {name, verdict::problem, e.what(), advice};
}

finding check_sleeping() {
    return tried("sleeping", "Signet needs Linux 5.16 or newer, and a sandbox that allows it", [] {
        const std::uint32_t word = 0;
        const os::futex_waiter waiter{&word, 1};
        os::futex_wait_any({&waiter, 1}, deadline::min());
        return finding{"sleeping", verdict::good, "futex_waitv works", {}};
    });
}

finding check_memory() {
    return tried(
        "memory", "look at ulimit -v, ulimit -f and the memory limit of the container", [] {
            const os::descriptor memory = os::create_memfd("signet-doctor", segment_tried);
            const os::mapping own = os::mapping::read_write(memory, segment_tried);
            const auto sealed =
                os::seals::shrink | os::seals::grow | os::seals::future_write | os::seals::seal;
            os::add_seals(memory, sealed);
            if (!os::includes(os::inspect_memory(memory).present, sealed)) {
                return finding{"memory", verdict::problem, "memory cannot be sealed",
                               "Signet needs Linux 5.16 or newer"};
            }
            return finding{"memory", verdict::good, "sealed memory works, also 1 GiB at once", {}};
        });
}

finding check_fences() {
    if (os::membarrier_supported()) {
        return {"fences", verdict::good, "membarrier works", {}};
    }
    return {
        "fences", verdict::note, "membarrier is not available; a message costs some 5 ns more", {}};
}

finding check_descriptors() {
    return tried("descriptors", "look at /proc/self/limits", [] {
        const os::descriptor_limits limits = os::current_descriptor_limits();
        const std::uint64_t soft = inherited_limit();  // other programs start with it too
        const std::string text =
            fmt::format("{} may be open at once, up to {} if raised", soft, limits.hard);
        if (soft >= descriptors_few) return finding{"descriptors", verdict::good, text, {}};
        return finding{"descriptors", verdict::problem, text,
                       "raise it with ulimit -n 4096: each peer and each endpoint takes a handful"};
    });
}

finding check_cpus() {
    return tried("cpus", "look at taskset -p $$", [] {
        const unsigned count = os::cpu_count();
        if (count > 1) {
            return finding{"cpus", verdict::good, fmt::format("{} may be used", count), {}};
        }
        return finding{"cpus", verdict::note, "only one may be used: waiting never spins", {}};
    });
}

finding check_variable(const std::string& path) {
    const bool chosen = std::getenv("SIGNET_DIR") != nullptr;
    return {"SIGNET_DIR",
            verdict::good,
            chosen ? "set: others meet here only if theirs is " + path : "not set",
            {}};
}

finding judge_directory(const std::string& path, const os::directory_facts& facts) {
    const auto problem = [&](std::string text, std::string advice) {
        return finding{"directory", verdict::problem, std::move(text), std::move(advice)};
    };
    if (facts.owner_uid != os::current_uid()) {
        return problem(fmt::format("{} belongs to user {}", path, facts.owner_uid),
                       "set SIGNET_DIR to a directory of your own");
    }
    if ((facts.mode & others_mask) != 0) {
        return problem(
            fmt::format("{} has mode {:04o}: other users may enter it", path, facts.mode),
            fmt::format("chmod 700 {}, or set SIGNET_DIR to a new directory", path));
    }
    if (!facts.writable) {
        return problem(path + " cannot be written", "chmod 700, or mount it writable");
    }
    if (!facts.on_tmpfs) {
        return {"directory", verdict::note, path + " is on a disk: names outlive a reboot there",
                "a directory below /dev/shm or /run is cleaned by each boot"};
    }
    return {"directory", verdict::good, path + " is private, writable and in memory", {}};
}

finding check_space(const std::string& path) {
    return tried("space", "look at df", [&] {
        const auto space = std::filesystem::space(path);
        const std::string text =
            fmt::format("{} MiB free where {} lies", space.available >> 20, path);
        if (space.available >= space_little) return finding{"space", verdict::good, text, {}};
        return finding{"space", verdict::problem, text, "there is no room for names; make some"};
    });
}

}  // namespace

std::vector<finding> check_system() {
    return {check_sleeping(), check_memory(), check_fences(), check_descriptors(), check_cpus()};
}

std::vector<finding> check_directory(const std::string& path) try {
    const os::directory_facts facts = os::directory::open(path).facts();
    return {check_variable(path), judge_directory(path, facts), check_space(path)};
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) {
        return {{"directory", verdict::problem, e.what(), {}}};
    }
    const std::string parent = std::filesystem::path{path}.parent_path();
    if (!std::filesystem::is_directory(parent)) {
        return {{"directory", verdict::problem, fmt::format("{} does not exist", parent),
                 "make it, or set SIGNET_DIR to a directory in one that exists"}};
    }
    return {check_variable(path),
            {"directory", verdict::good, path + " does not exist yet; the first one makes it", {}}};
}

}  // namespace signet::command
