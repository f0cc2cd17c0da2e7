// SPDX-License-Identifier: Apache-2.0
// A child process writes into a pipe; its parent reads until the end.
#include <signet/error.hpp>
#include <signet/os/pipe.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <string_view>

namespace os = signet::os;

void child(os::pipe_ends pipe) {
    pipe.reader.close();
    constexpr std::string_view text = "three words here";
    pipe.writer.write_all(std::as_bytes(std::span{text}), signet::never);
}

int main() try {
    os::pipe_ends pipe = os::pipe_ends::create();
    if (fork() == 0) {
        child(std::move(pipe));
        return 0;
    }
    pipe.writer.close();  // or the end would never come: we would be a writer, too
    std::array<char, 64> text{};
    const os::stream_result result =
        pipe.reader.read_all(std::as_writable_bytes(std::span{text}), signet::never);
    if (result.status == os::stream_status::ended) {
        std::printf("read '%.*s', then the end\n", static_cast<int>(result.bytes), text.data());
    }
    wait(nullptr);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "anonymous_pipe: %s\n", problem.what());
    return 1;
}
