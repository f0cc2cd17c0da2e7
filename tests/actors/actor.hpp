// SPDX-License-Identifier: Apache-2.0
// Starting actors (signet_actor.cpp), and what can be seen of a process from outside. Any thread.
#pragma once

#include <signet/os/child.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace signet::tests {

/// Starts signet_actor with these words.
inline os::child start_actor(std::vector<std::string> words, const os::spawn_options& how = {}) {
    words.insert(words.begin(), SIGNET_ACTOR);
    return os::child::spawn(words, how);
}

/// A rendezvous directory of the test's own, which its actors use too.
class own_rendezvous {
public:
    own_rendezvous() { setenv("SIGNET_DIR", place_.path().c_str(), 1); }
    const std::string& path() const noexcept { return place_.path(); }

private:
    testing::temporary_directory place_;
};

/// The exit status of an actor that ends by itself; -1 where the watchdog barks.
inline int status_of(const os::child& one) {
    const auto status = const_cast<os::child&>(one).handle().wait(after(testing::watchdog));
    return status && !status->signalled ? status->value : -1;
}

/// A number in kB from /proc/<pid>/status, such as RssAnon; 0 where there is none.
inline long kilobytes_of(const std::string& pid, const std::string& key) {
    std::ifstream file{"/proc/" + pid + "/status"};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
    }
    return 0;
}

}  // namespace signet::tests
