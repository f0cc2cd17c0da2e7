// SPDX-License-Identifier: Apache-2.0
#include <signet/os/record_file.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace os = signet::os;

void write_two(const std::string& path) {
    os::record_writer journal{path};
    for (const std::string line : {"door open", "door closed"}) {
        journal.append(std::as_bytes(std::span{line}));
    }
}

void read_two(const std::string& path) {
    os::record_reader journal{path};
    for (int i = 0; i < 2; ++i) {
        if (journal.next(signet::never) != os::reading::record) return;  // cleared, or replaced
        const auto record = journal.record();
        std::printf("%.*s\n", static_cast<int>(record.size()),
                    reinterpret_cast<const char*>(record.data()));
    }
}

int main() {
    std::string directory = "/tmp/signet-example-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) return 1;
    const std::string path = directory + "/journal";
    os::record_writer::create(path);  // the reader may look before the other process writes

    const pid_t writer = fork();
    if (writer == 0) {
        write_two(path);
        _exit(0);
    }
    read_two(path);
    waitpid(writer, nullptr, 0);
    std::filesystem::remove_all(directory);
}
