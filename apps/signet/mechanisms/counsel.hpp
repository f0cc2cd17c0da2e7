// SPDX-License-Identifier: Apache-2.0
// Which mechanism serves a need, and why the others do not. Plain values and pure functions; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signet::command {

/// What somebody wants to build.
struct needs {
    std::uint64_t message_bytes = 48;
    double messages_per_s = 1000;
    unsigned readers = 1;
    bool survives_crash = false;   ///< what was sent is there when sender and reader died
    bool survives_reboot = false;  ///< and when the machine did
    bool other_machine = false;
    bool other_language = false;  ///< a peer that does not link with Signet
    bool untrusted = false;       ///< a peer that may be hostile
    bool shell = false;           ///< a peer that is a shell script
};

/// What a mechanism can do.
struct candidate {
    std::string name;  ///< as in the table of mechanisms, or "topic"
    std::string code;  ///< the example that shows it, without its suffix
    std::optional<std::uint64_t> message_bytes_max{};  ///< none: no limit that matters
    bool many_readers = false;  ///< each gets every message; over sockets, by a connection each
    bool survives_crash = false;
    bool survives_reboot = false;
    bool other_machine = false;
    bool other_language = false;
    bool untrusted = false;
    bool shell = false;
    std::string because;  ///< why it is the best of those that serve
};

/// All that may be advised, the one to prefer first.
const std::vector<candidate>& all_candidates();

/// What `need` asks for and this one lacks, each a few words; empty: it serves.
std::vector<std::string> lacks(const candidate& one, const needs& need);

/// What to take.
struct counsel {
    candidate best;
    std::vector<std::string> missing{};  ///< what no single one has together with the rest
    std::vector<candidate> beside{};     ///< for each of those, one that has it
    std::vector<candidate> others{};     ///< they serve as well; preferred in this order
};

counsel advise_for(const needs& need);

}  // namespace signet::command
