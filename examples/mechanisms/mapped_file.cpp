// SPDX-License-Identifier: Apache-2.0
#include <signet/os/mapped_file.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace os = signet::os;

// Counters that outlive every process that counts.
struct counters {
    long starts;
};

void count_a_start(const std::string& path) {
    const os::mapped_file file = os::mapped_file::open(path, os::map_access::read_write);
    if (file.size() < sizeof(counters)) return;  // somebody else's file
    auto& shared = *reinterpret_cast<counters*>(file.data());
    std::atomic_ref{shared.starts}.fetch_add(1);
    file.flush();  // on the disk, too
}

int main() {
    std::string directory = "/tmp/signet-example-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return 1;
    const std::string path = directory + "/counters";
    os::mapped_file::create(path, sizeof(counters));

    for (int i = 0; i < 3; ++i) {
        const pid_t other = fork();
        if (other == 0) {
            count_a_start(path);
            _exit(0);
        }
        waitpid(other, nullptr, 0);
    }
    const os::mapped_file file = os::mapped_file::open(path, os::map_access::read_only);
    std::printf("%ld starts\n", reinterpret_cast<const counters*>(file.data())->starts);
    std::filesystem::remove_all(directory);
}
