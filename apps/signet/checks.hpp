// SPDX-License-Identifier: Apache-2.0
// What `signet doctor` looks at: each check is a function that says what it found and, where
// something is wrong, what to do about it. None of them throws. For one thread.
#pragma once

#include <signet/observe/inspect.hpp>
#include <signet/observe/reading.hpp>

#include <string>
#include <vector>

namespace signet::command {

enum class verdict {
    good,
    note,     ///< worth knowing; nothing is wrong
    problem,  ///< something does not work, or will not
};

struct finding {
    std::string check;  ///< one word or two
    verdict judged{};
    std::string text;    ///< a sentence
    std::string advice;  ///< what to do; empty where nothing needs doing
};

/// This machine and this process: kernel, limits, cpus.
std::vector<finding> check_system();

/// The rendezvous directory.
std::vector<finding> check_directory(const std::string& path);

/// Everybody who was found there.
std::vector<finding> check_processes(const observe::snapshot& seen);

/// Those who take part in `topic`: have they joined, and if not, why?
std::vector<finding> check_topic(const observe::snapshot& seen, const observe::reading& all,
                                 const std::string& topic);

/// Those who would take part in `topic`, but are somewhere else: under a similar name, in another
/// directory, mount or user.
std::vector<finding> check_elsewhere(const observe::snapshot& seen, const std::string& directory,
                                     const std::string& topic);

}  // namespace signet::command
