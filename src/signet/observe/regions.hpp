// SPDX-License-Identifier: Apache-2.0
// The regions of a rendezvous directory: who has them open, what is in them, who owns which lock,
// and whether somebody waits. Read from their files by somebody who takes no seat, writes nothing
// and wakes nobody, so nothing that is looked at slows down for it. Any thread.
//
// It is a look: what changes meanwhile is seen before or after. What others wrote is checked; what
// cannot be is reported as a problem, and no file can crash who looks at it.
#pragma once

#include <signet/memory/region_layout.hpp>
#include <signet/os/file.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signet::observe {

/// A process that has a region open, as it described itself.
struct region_user {
    memory::stamp seat;
    int pid = 0;  ///< in its own pid namespace; 0: nobody knows
    unsigned uid = 0;
    std::string command{};
    std::uint64_t since_ns = 0;  ///< when it opened the region; of CLOCK_REALTIME
    bool alive = false;          ///< false: it died, and nobody has swept its seat yet
};

/// A named object of a region.
struct region_object {
    memory::object_kind kind{};
    std::string name;
    std::uint64_t bytes = 0;
    std::optional<region_user> owner{};  ///< who has the lock, or is at it
    bool inherited = false;              ///< an owner died, and nobody has put things right since
    bool waited_for = false;             ///< somebody sleeps on it, or did when it died
    std::string state{};                 ///< for people: "3 permits", "set", "2 of 4 are there"
};

struct region_view {
    std::string name;
    std::string problem{};  ///< a sentence: what is damaged; empty: nothing
    std::uint64_t bytes = 0;
    std::uint32_t seats = 0;
    std::vector<region_user> users{};
    std::vector<region_object> objects{};

    /// In the heap; none: it kept changing while it was looked at.
    std::optional<std::uint64_t> used_bytes{};
    std::optional<std::uint64_t> free_bytes{};
};

/// All regions of the directory, by name. One that does not exist has none. Throws `error`: a
/// directory that cannot be used.
std::vector<region_view> regions_in(const std::string& directory);

/// The region that a file is, called `name`.
region_view view_of(const os::file& content, std::string name);

/// "mutex", "shared object".
const char* kind_name(memory::object_kind kind) noexcept;

}  // namespace signet::observe
