// SPDX-License-Identifier: Apache-2.0
// A reader owns a name; writers that do not know each other come and go.
#include <signet/error.hpp>
#include <signet/os/fifo.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace os = signet::os;

void write_word(const os::directory& place, const std::string& word) {
    const auto soon = signet::after(std::chrono::seconds{10});
    auto writer = os::fifo_writer::open(place, "words", soon);  // waits for the reader
    if (writer) writer->write_all(std::as_bytes(std::span{word}), soon);
}

int main() try {
    std::string path = "/tmp/signet-example-XXXXXX";
    const os::directory place = os::directory::open(mkdtemp(path.data()));
    {
        const os::fifo name{place, "words"};  // removed with this object
        auto reader = os::fifo_reader::open(place, "words", os::when_writers_go::report);
        for (const char* word : {"first", "second"}) {
            if (fork() == 0) {
                write_word(place, word);
                _exit(0);
            }
            std::array<char, 16> text{};
            auto result = reader.read_all(std::as_writable_bytes(std::span{text}), signet::never);
            std::printf("a writer came, wrote '%.*s' and went\n", static_cast<int>(result.bytes),
                        text.data());
            wait(nullptr);
        }
    }
    std::printf("%zu names are left\n", place.list().size());
    rmdir(path.c_str());
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "named_pipe: %s\n", problem.what());
    return 1;
}
